import type { ChainSnapshot } from '../../contracts/chain-client.js';

/** Whether the chain's row of a validator gives the same weights. Entries of zero give nothing, and count as absent. */
export function rowEquals(
  snapshot: ChainSnapshot,
  validator: number,
  { uids, weights }: { uids: readonly number[]; weights: readonly number[] },
): boolean {
  const [, row = []] = [...snapshot.weights].find(([uid]) => uid === validator) ?? [];
  const held = new Map(row.filter(([, weight]) => weight > 0));
  const sent = uids.flatMap((uid, index) => ((weights[index] ?? 0) > 0 ? [[uid, weights[index]] as const] : []));
  return held.size === sent.length && sent.every(([uid, weight]) => held.get(uid) === weight);
}
