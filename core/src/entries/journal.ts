/** For a journal: the bytes of an entry, its hash, and the check of a chain of them. */
export { canonicalJson } from '../journal/canonical-json.js';
export { entryHash, FIRST_PREVIOUS_HASH } from '../journal/hash.js';
export { brokenPart, verifyChain } from '../journal/verify-chain.js';
export { wellFormed } from '../journal/well-formed.js';
