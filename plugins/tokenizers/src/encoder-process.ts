import type { Tokenizer } from 'tokenizers';
import {
  reasonOf,
  requestSchema,
  type Definition,
  type EncoderAnswer,
  type EncoderRequest,
} from './encoder-protocol.js';

/**
 * The process in which the library runs. It is native code: a failed assertion in it ends its process, and here that is
 * all that ends.
 */

type Library = typeof import('tokenizers');

/** A text that every template of special tokens is tried on, so that a broken template is found when it is loaded. */
const PROBE = 'a';

const opened = new Map<string, Tokenizer>();

async function answer(request: EncoderRequest): Promise<EncoderAnswer> {
  if (request.kind === 'open') {
    const library = await import('tokenizers').catch((error: unknown) => reasonOf(error));
    return typeof library === 'string' ? { kind: 'missing', reason: library } : open(library, request.definition);
  }
  const tokenizer = opened.get(request.key);
  if (!tokenizer) throw new Error(`tokenizer ${request.key} is not open`);
  if (request.kind === 'decode') return { kind: 'text', text: await tokenizer.decode(Array.from(request.ids), false) };
  return { kind: 'ids', ids: Uint32Array.from((await tokenizer.encode(request.text)).getIds()) };
}

async function open(library: Library, definition: Definition): Promise<EncoderAnswer> {
  const { key, json, added, truncation, endToken } = definition;
  const tokenizer = library.Tokenizer.fromString(json);
  // The library that calls this one, transformers, sets both anew for each text: what the file says of them is not used.
  tokenizer.disablePadding();
  tokenizer.disableTruncation();
  // The library would also add an end token that no part of the tokenizer has; no model could know its id.
  const endTokenId = tokenizer.tokenToId(endToken) ?? undefined;
  for (const { content, special, single_word, lstrip, rstrip, normalized } of added) {
    const options = { singleWord: single_word, leftStrip: lstrip, rightStrip: rstrip, normalized };
    tokenizer.addAddedTokens([new library.AddedToken(content, special, options)]);
  }
  const ambiguous = ambiguousToken(tokenizer, definition.normalized);
  if (ambiguous !== undefined) return { kind: 'refused', reason: ambiguous };
  if (truncation) tokenizer.setTruncation(truncation.maxLength, { direction: truncation.side });
  const vocabularySize = Object.values(tokenizer.getVocab(true)).reduce((highest, id) => Math.max(highest, id), -1) + 1;
  const special = (await tokenizer.encode('')).getIds();
  const outside = special.find((id) => id >= vocabularySize);
  if (outside !== undefined)
    return { kind: 'refused', reason: `its post-processor adds the id ${outside}, which no token has` };
  if (truncation && special.length > truncation.maxLength)
    return { kind: 'refused', reason: `its post-processor adds ${special.length} ids, more than model_max_length` };
  await tokenizer.encode(PROBE).catch(() => undefined);
  opened.set(key, tokenizer);
  return { kind: 'opened', vocabularySize, endTokenId };
}

/** Between two tokens of one normalized text this version of the library chooses at random, and 0.19.1 takes the first. */
function ambiguousToken(tokenizer: Tokenizer, contents: readonly string[]): string | undefined {
  const normalizer = tokenizer.getNormalizer();
  const seen = new Map<string, string>();
  for (const content of contents) {
    const text = normalizer ? normalizer.normalizeString(content) : content;
    const other = seen.get(text);
    if (text === '') return `nothing is left of its added token ${content} once it is normalized`;
    if (other !== undefined)
      return `its added tokens ${other} and ${content} are the same text once they are normalized`;
    seen.set(text, content);
  }
  return undefined;
}

process.on('message', (message) => {
  void answer(requestSchema.parse(message))
    .catch((error: unknown): EncoderAnswer => ({ kind: 'refused', reason: reasonOf(error) }))
    .then((given) => process.send?.(given));
});
// A terminal and a service manager signal all processes of the validator. This one ends when the validator lets go of it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
process.on('disconnect', () => process.exit());
