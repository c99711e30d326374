import { blake2b } from '@noble/hashes/blake2';

/** blake2b of 8 bytes over the UTF-8 of a text, read as a little-endian integer. */
export function seedOf(text: string): bigint {
  return Buffer.from(blake2b(Buffer.from(text, 'utf8'), { dkLen: 8 })).readBigUInt64LE();
}

export const sourceSeed = (seed: bigint, name: string): bigint => seedOf(`${seed}:${name}`);
