import { createHash } from 'node:crypto';

/**
 * A seed of its own for each purpose of a round: sha256 over the UTF-8 of `SEED|LABEL`, as an integer.
 * @param seed of the round; written in decimal digits
 */
export function labelledSeed(seed: bigint, label: string): bigint {
  return BigInt(`0x${createHash('sha256').update(`${seed}|${label}`, 'utf8').digest('hex')}`);
}
