import { blake2b } from '@noble/hashes/blake2.js';

const BYTES = 8;

/** A seed that follows from a text: blake2b with a digest of 8 bytes over its UTF-8, read as a little-endian integer. */
export const textSeed = (text: string): bigint =>
  Buffer.from(blake2b(Buffer.from(text, 'utf8'), { dkLen: BYTES })).readBigUInt64LE();
