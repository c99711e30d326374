import type { Registry } from '@polkadot/types/types';

/** Weights as they are committed. */
export interface CommittedRow {
  /** ss58 address or 32 bytes of the validator. */
  hotkey: string | Uint8Array;
  uids: readonly number[];
  weights: readonly number[];
  versionKey: bigint;
}

/** What is encrypted in a timelocked commit (subtensor, coinbase/reveal_commits.rs, WeightsTlockPayload). */
export function timelockedPayload(registry: Registry, { hotkey, uids, weights, versionKey }: CommittedRow): Uint8Array {
  const account = registry.createType('AccountId32', hotkey).toU8a();
  return registry.createType('(Vec<u8>, Vec<u16>, Vec<u16>, u64)', [[...account], uids, weights, versionKey]).toU8a();
}

/**
 * What the old commit puts on chain (subtensor, subnets/weights.rs, get_commit_hash): 0x and hex.
 * @param storageIndex what the subnet's mechanism is called in storage
 */
export function commitHash(
  registry: Registry,
  storageIndex: number,
  { hotkey, uids, weights, versionKey }: CommittedRow,
  salt: readonly number[],
): string {
  const values = [hotkey, storageIndex, uids, weights, salt, versionKey];
  const encoded = registry.createType('(AccountId32, u16, Vec<u16>, Vec<u16>, Vec<u16>, u64)', values);
  return blake2(registry, encoded.toU8a());
}

/** BLAKE2b-256 as 0x and hex. */
export const blake2 = (registry: Registry, bytes: Uint8Array): string =>
  `0x${Buffer.from(registry.hash(bytes)).toString('hex')}`;
