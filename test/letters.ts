import type { Tokenizer } from '@assay/core/contracts/tokenizer';

/** A token for each UTF-16 unit; 0 ends a text. */
export const letters: Tokenizer = {
  name: 'letters',
  digest: 'a'.repeat(64),
  eosTokenId: 0,
  vocabularySize: 65_536,
  modelMaxLength: 8192,
  encode: (text) => Array.from({ length: text.length }, (_none, index) => text.charCodeAt(index)),
  decode: (ids) => String.fromCharCode(...ids),
};
