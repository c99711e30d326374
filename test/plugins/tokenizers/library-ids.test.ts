import { Tokenizer as Library } from '@anush008/tokenizers';
import { describe, expect, it } from 'vitest';
import {
  ADDED_TOKENS,
  definitionOf,
  MODELS,
  NORMALIZERS,
  POST_PROCESSORS,
  PRE_TOKENIZERS,
  type Part,
} from './definitions.js';
import { opened } from './open-folder.js';
import { textsOf } from './texts.js';

/**
 * The truth is another build of the library, by other people, at 0.22.2: before the added tokens, the cut and the cache
 * of BPE were written anew.
 */

const TEXTS = textsOf(3000);
/** For the parts that stand in a table of many. */
const SOME = TEXTS.slice(0, 250);

async function compare(definition: Part, texts: readonly string[]): Promise<void> {
  const library = Library.fromString(JSON.stringify(definition));
  const tokenizer = await opened(definition);
  const wanted = await library.encodeBatch(texts.map((text) => text.toWellFormed()));
  const differing = texts
    .map((text, index) => ({ text, ids: tokenizer.encode(text), wanted: wanted[index]?.getIds() }))
    .filter(({ ids, wanted: expected }) => JSON.stringify(ids) !== JSON.stringify(expected));
  expect(differing.slice(0, 3)).toEqual([]);
}

describe('the ids of the library', () => {
  it('compares texts that differ from each other', () => {
    expect(new Set(TEXTS).size).toBeGreaterThan(2700);
    expect(TEXTS.filter((text) => text.includes('\ufeff')).length).toBeGreaterThan(100);
    expect(TEXTS.filter((text) => !text.isWellFormed()).length).toBeGreaterThan(100);
  });

  it.each([
    ['BPE with bytes', 'Metaspace always true', undefined],
    ['BPE with bytes', undefined, 'Llama'],
    ['BPE of letters', 'ByteLevel false true', undefined],
    ['BPE of letters', 'Split pattern Contiguous false', undefined],
    ['WordPiece', 'BertPreTokenizer', 'Bert true null'],
    ['WordLevel', 'Whitespace', undefined],
    ['Unigram', 'Metaspace first true', 'NFKC'],
  ])('are given for 3,000 texts: %s, %s, %s', async (model, preTokenizer = '', normalizer = '') => {
    const definition = definitionOf({
      model: MODELS[model],
      pre_tokenizer: PRE_TOKENIZERS[preTokenizer],
      normalizer: NORMALIZERS[normalizer],
      post_processor: POST_PROCESSORS['Template around'],
    });
    await compare(definition, TEXTS);
  });

  it.each(Object.entries(MODELS))('are given with the model %s', async (_name, model) => {
    await compare(definitionOf({ model }), SOME);
    await compare(definitionOf({ model, pre_tokenizer: { type: 'Whitespace' } }), SOME);
  });

  it.each(Object.entries(NORMALIZERS))('are given with the normalizer %s', async (_name, normalizer) => {
    await compare(definitionOf({ normalizer }), SOME);
  });

  it.each(Object.entries(PRE_TOKENIZERS))('are given with the pre-tokenizer %s', async (name, pre_tokenizer) => {
    const model = MODELS[name.startsWith('ByteLevel') ? 'BPE of letters' : 'BPE with bytes'];
    await compare(definitionOf({ model, pre_tokenizer }), SOME);
  });

  it.each(Object.entries(POST_PROCESSORS))('are given with the post-processor %s', async (_name, post_processor) => {
    await compare(definitionOf({ post_processor }), SOME);
  });

  it.each(Object.entries(ADDED_TOKENS))('are given with an added token: %s', async (_name, added) => {
    await compare(definitionOf({ added }), SOME);
    await compare(definitionOf({ added, normalizer: { type: 'Lowercase' } }), SOME);
    await compare(definitionOf({ added, pre_tokenizer: PRE_TOKENIZERS['Metaspace first true'] }), SOME);
  });
});
