import { createHash } from 'node:crypto';

/** The newest block divisible by the cadence: all validators between two of them share a seed. */
export function syncBlockOf(block: number, cadence: number): number {
  return Math.floor(block / cadence) * cadence;
}

/**
 * sha256 over the UTF-8 of the block hash's *string*, 0x included, as an integer.
 * @param blockHash 0x and 64 hex digits
 */
export function syncBlockSeed(blockHash: string): bigint {
  return BigInt(`0x${createHash('sha256').update(blockHash, 'utf8').digest('hex')}`);
}
