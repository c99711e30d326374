import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { ALL_SPECIAL_TOKENS, decode, encode, vocabularySize } from 'gpt-tokenizer/encoding/cl100k_base';
import type { Tokenizer } from '@assay/core/contracts/tokenizer';

const END_OF_TEXT = 100_257;
/** Of the tokenizer that netuid 9 names, Xenova/gpt-4. */
const MODEL_MAX_LENGTH = 8192;

/** cl100k_base with its ranks built in. */
export function cl100kBase(): Tokenizer {
  const { version } = createRequire(import.meta.url)('gpt-tokenizer/package.json') as { version: string };
  return {
    name: 'cl100k_base',
    digest: createHash('sha256').update(`gpt-tokenizer ${version} cl100k_base`).digest('hex'),
    eosTokenId: END_OF_TEXT,
    vocabularySize,
    modelMaxLength: MODEL_MAX_LENGTH,
    // The package's own default throws on text that looks like a special token; the library makes it one.
    encode: (text) => encode(text.toWellFormed(), { allowedSpecial: ALL_SPECIAL_TOKENS }),
    decode: (ids) => decode([...ids]),
  };
}
