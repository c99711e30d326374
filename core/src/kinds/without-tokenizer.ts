import { createHash } from 'node:crypto';
import type { Tokenizer } from '../contracts/tokenizer.js';
import { kindErrors } from './errors.js';

/**
 * The tokenizer of data that is tokenised already: it knows how many ids there are, and can't encode.
 * @param endOfText id between documents, where the data has one
 */
export function withoutTokenizer(vocabularySize: number, endOfText = 0): Tokenizer {
  const refuse = (what: string) => (): never => {
    throw kindErrors.TOKENIZER_NOT_USED({ what });
  };
  return {
    name: 'none',
    digest: createHash('sha256').update(`none ${vocabularySize} ${endOfText}`).digest('hex'),
    eosTokenId: endOfText,
    vocabularySize,
    modelMaxLength: Number.POSITIVE_INFINITY,
    encode: refuse('encoding'),
    decode: refuse('decoding'),
  };
}
