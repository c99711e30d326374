import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { isAssayError } from '@assay/core/errors/assay-error';
import { tokenizerFolder } from '@assay/plugin-tokenizers/dist/tokenizer-folder.js';
import { definitionOf, MODELS, NORMALIZERS, POST_PROCESSORS, PRE_TOKENIZERS, type Part } from './definitions.js';
import { opened, openedWithWarnings } from './open-folder.js';

/** Expectations are derived by hand from the sources of transformers 4.44.1. */

const CASES = join(import.meta.dirname, '../../fixtures/tokenizers');
const caseSchema = z.object({ samples: z.array(z.object({ text: z.string(), ids: z.array(z.number()) })) });

const [BEGIN, END] = [1, 2];
const LONG = 'hello world and the rest';
const around = definitionOf({ post_processor: POST_PROCESSORS['Template around'] });
const before = definitionOf({ post_processor: POST_PROCESSORS['Template before'] });
const bare = definitionOf({});
const described = (content: string, flags: Part = {}): Part => ({
  content,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
  special: true,
  ...flags,
});

describe('cases of other people', () => {
  it.each(readdirSync(CASES))('%s has the ids of the library', async (name) => {
    const { samples } = caseSchema.parse(JSON.parse(readFileSync(join(CASES, name, 'expected.json'), 'utf8')));
    const tokenizer = await opened(readFileSync(join(CASES, name, 'tokenizer/tokenizer.json'), 'utf8'));
    for (const { text, ids } of samples) expect(tokenizer.encode(text), text).toEqual(ids);
  });

  it('with a class that ends no text has the end that tokenizer.json gives it, and a warning', async () => {
    const warnings: string[] = [];
    const path = join(CASES, 'metaspace-split/tokenizer');
    const tokenizer = await tokenizerFolder(path, 'case', (reason) => void warnings.push(reason));
    expect(tokenizer.encode('hello world').at(-1)).toBe(END);
    expect(warnings).toEqual([expect.stringContaining('<s> TEXT, and tokenizer.json <s> TEXT </s>')]);
  });
});

describe('the cut of a text', () => {
  it.each([2, 3, 6, 18, 19, 26])('at %i ids keeps the tokens of the template', async (limit) => {
    const whole = (await opened(around)).encode(LONG);
    expect(whole).toHaveLength(19);
    const inner = whole.slice(1, -1);
    const right = await opened(around, { model_max_length: limit });
    expect(right.modelMaxLength).toBe(limit);
    expect(right.encode(LONG)).toEqual([BEGIN, ...inner.slice(0, limit - 2), END]);
    const left = await opened(around, { model_max_length: limit, truncation_side: 'left' });
    expect(left.encode(LONG)).toEqual([BEGIN, ...inner.slice(Math.max(0, inner.length - (limit - 2))), END]);
  });

  it('is refused where the tokens of the template are longer', async () => {
    await expect(opened(around, { model_max_length: 1 })).rejects.toMatchObject({ code: 'TOKENIZER_UNREADABLE' });
  });

  it('is not that of tokenizer.json, whose side counts where the config names none', async () => {
    const truncation = { max_length: 3, strategy: 'LongestFirst', stride: 0, direction: 'Left' };
    const whole = (await opened(bare)).encode(LONG);
    const file = definitionOf({ truncation });
    expect((await opened(file)).encode(LONG)).toEqual(whole);
    expect((await opened(file, { model_max_length: 4 })).encode(LONG)).toEqual(whole.slice(-4));
    const right = await opened(file, { model_max_length: 4, truncation_side: 'right' });
    expect(right.encode(LONG)).toEqual(whole.slice(0, 4));
  });

  it('adds no padding, whatever tokenizer.json says', async () => {
    const padding = {
      strategy: { Fixed: 50 },
      direction: 'Right',
      pad_to_multiple_of: null,
      pad_id: 0,
      pad_type_id: 0,
      pad_token: '<unk>',
    };
    expect((await opened(definitionOf({ padding }))).encode(LONG)).toEqual((await opened(bare)).encode(LONG));
  });

  it('is taken from max_len where there is no model_max_length', async () => {
    expect((await opened(bare, { max_len: 4 })).modelMaxLength).toBe(4);
    expect((await opened(bare, { max_len: 4, model_max_length: 5 })).encode(LONG)).toHaveLength(5);
    expect((await opened(bare, { model_max_length: 1e30 })).modelMaxLength).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('tokens of tokenizer_config.json', () => {
  const size = Object.keys(MODELS['BPE with bytes']?.['vocab'] ?? {}).length;

  it('that tokenizer.json lacks are added, in the order of the library', async () => {
    const tokenizer = await opened(bare, {
      added_tokens_decoder: { 901: described('<b>'), 900: described('<a>') },
      pad_token: '<pad>',
      additional_special_tokens: ['<x>'],
    });
    expect(tokenizer.encode('<a><b><pad><x>')).toEqual([size, size + 1, size + 2, size + 3]);
    expect(tokenizer.vocabularySize).toBe(size + 4);
  });

  it('that the model knows become one token of their text', async () => {
    const file = { ...bare, added_tokens: [] };
    expect((await opened(file)).encode('</s>')).toEqual([END]);
    expect((await opened(file)).encode('<s>').length).toBe(3);
    expect((await opened(file, { bos_token: '<s>' })).encode('<s>')).toEqual([BEGIN]);
    expect((await opened(file)).vocabularySize).toBe(size);
  });

  it('are those of the class where the config names none', async () => {
    const tokenizer = await opened(bare, { tokenizer_class: 'GPT2Tokenizer' });
    expect(tokenizer.encode('<|endoftext|>')).toEqual([size]);
    const gaps = await opened(bare, { tokenizer_class: 'T5Tokenizer' });
    expect(gaps.encode('<extra_id_99>')).toEqual([size + 100]);
    expect(gaps.vocabularySize).toBe(size + 101);
  });

  it.each([
    ['lstrip', { lstrip: true }],
    ['rstrip', { rstrip: true }],
    ['single_word', { single_word: true }],
    ['normalized', { normalized: true }],
    ['special', { special: false }],
  ])(
    'are those of tokenizer.json where both files describe one differently, with a warning: %s',
    async (_name, flags) => {
      const config = (given: Part): Part => ({ added_tokens_decoder: { 3: described('<mask>', given) } });
      const plain = await openedWithWarnings(bare, config({}));
      const other = await openedWithWarnings(bare, config(flags));
      expect([plain.warnings, other.warnings]).toEqual([[], [expect.stringContaining('<mask>')]]);
      expect(other.tokenizer.encode('a <mask> b')).toEqual(plain.tokenizer.encode('a <mask> b'));
    },
  );
});

const byteLevel = (add_prefix_space: boolean): Part =>
  definitionOf({
    model: MODELS['BPE of letters'],
    pre_tokenizer: PRE_TOKENIZERS[`ByteLevel ${add_prefix_space} true`],
  });
const bert = (lowercase: boolean): Part => definitionOf({ normalizer: NORMALIZERS[`Bert ${lowercase} null`] });

describe('what a class of the library makes of tokenizer.json', () => {
  it.each<[what: string, definition: Part, config: Part]>([
    ['Llama, begins a text', before, { tokenizer_class: 'LlamaTokenizerFast' }],
    ['Llama, ends it as well', around, { tokenizer_class: 'LlamaTokenizer', add_eos_token: true }],
    ['Llama, neither', bare, { tokenizer_class: 'LlamaTokenizer', add_bos_token: false }],
    [
      'Llama, in steps',
      definitionOf({ post_processor: POST_PROCESSORS['Sequence'] }),
      { tokenizer_class: 'LlamaTokenizer', add_eos_token: true },
    ],
    ['Llama, add_prefix_space of null', before, { tokenizer_class: 'LlamaTokenizer', add_prefix_space: null }],
    ['NeoX adds nothing', byteLevel(false), { tokenizer_class: 'GPTNeoXTokenizerFast' }],
    ['GPT-2', byteLevel(false), { tokenizer_class: 'GPT2Tokenizer' }],
    ['GPT-2 with a space', byteLevel(true), { tokenizer_class: 'GPT2Tokenizer', add_prefix_space: true }],
    ['Bloom leaves the file', byteLevel(true), { tokenizer_class: 'BloomTokenizerFast' }],
    ['Qwen2 leaves the file', byteLevel(true), { tokenizer_class: 'Qwen2Tokenizer' }],
    ['Bert', bert(true), { tokenizer_class: 'BertTokenizer' }],
    ['Bert with capitals', bert(false), { tokenizer_class: 'BertTokenizer', do_lower_case: false }],
    ['none', around, { tokenizer_class: null }],
  ])('is nothing: %s', async (_what, definition, config) => {
    const { tokenizer, warnings } = await openedWithWarnings(definition, config);
    expect([tokenizer.eosTokenId, warnings]).toEqual([END, []]);
  });

  it.each<[what: string, says: string, definition: Part, config: Part]>([
    ['Llama', '<s> TEXT, and tokenizer.json <s> TEXT </s>', around, { tokenizer_class: 'LlamaTokenizer' }],
    ['Llama', '<s> TEXT, and tokenizer.json TEXT', bare, { tokenizer_class: 'LlamaTokenizerFast' }],
    ['Llama', '<s> TEXT </s>', before, { tokenizer_class: 'LlamaTokenizer', add_eos_token: true }],
    ['Llama', 'tokenizer.model', before, { tokenizer_class: 'LlamaTokenizer', add_prefix_space: true }],
    ['Llama', 'no bos_token', before, { tokenizer_class: 'LlamaTokenizer', bos_token: null }],
    ['Gemma', '<bos> TEXT', bare, { tokenizer_class: 'GemmaTokenizer' }],
    ['Cohere', '<BOS_TOKEN> TEXT', bare, { tokenizer_class: 'CohereTokenizerFast' }],
    ['NeoX', 'TEXT, and tokenizer.json <s> TEXT', before, { tokenizer_class: 'GPTNeoXTokenizer' }],
    ['GPT-2', 'add_prefix_space', byteLevel(true), { tokenizer_class: 'GPT2Tokenizer' }],
    ['GPT-2', 'add_prefix_space', byteLevel(false), { tokenizer_class: 'GPT2TokenizerFast', add_prefix_space: true }],
    ['CodeGen', 'add_bos_token', byteLevel(false), { tokenizer_class: 'CodeGenTokenizer', add_bos_token: true }],
    ['Bart', 'add_prefix_space', byteLevel(true), { tokenizer_class: 'BartTokenizer' }],
    ['Bloom', 'add_prefix_space', byteLevel(false), { tokenizer_class: 'BloomTokenizerFast', add_prefix_space: true }],
    ['Bert', 'lowercase', bert(false), { tokenizer_class: 'BertTokenizer' }],
    ['Bert', 'strip_accents', bert(true), { tokenizer_class: 'BertTokenizer', strip_accents: true }],
    ['Bert', 'chinese', bert(true), { tokenizer_class: 'ElectraTokenizer', tokenize_chinese_chars: false }],
    ['another', 'not known', bare, { tokenizer_class: 'WhisperTokenizer' }],
    ['an own one', 'constructor', bare, { tokenizer_class: 'constructor' }],
  ])('is warned of, and the ids are those of tokenizer.json: %s, %s', async (_what, says, definition, config) => {
    const { tokenizer, warnings } = await openedWithWarnings(definition, config);
    expect(warnings).toEqual([expect.stringContaining(says)]);
    expect(tokenizer.encode(LONG)).toEqual((await opened(definition)).encode(LONG));
  });

  it.each<[what: string, says: string, definition: Part, config: Part]>([
    ['any', 'from_slow', bare, { from_slow: true }],
    ['any', 'split_special_tokens', bare, { split_special_tokens: true }],
    ['any', 'other files', bare, { fast_tokenizer_files: ['tokenizer.json', 'tokenizer.4.0.0.json'] }],
    ['any', '12.5', bare, { model_max_length: 12.5 }],
    ['any', 'at random', definitionOf({ model: { ...MODELS['BPE with bytes'], dropout: 0.1 } }), {}],
  ])('is refused: %s, %s', async (_what, says, definition, config) => {
    const error: unknown = await opened(definition, config).catch((thrown: unknown) => thrown);
    if (!isAssayError(error)) throw error;
    expect(error.toReport()).toMatchObject({ code: 'TOKENIZER_NOT_FOLLOWED', fault: 'config' });
    expect(error.message).toContain(says);
    expect(error.hint).toMatch(/^Change .*\. (Set|Remove|Give) /);
  });
});
