import type { WeightRow } from '../contracts/chain-client.js';

/** One validator's weights as shares of their sum, by uid. */
export type Shares = ReadonlyMap<number, number>;

/** A uid and what two rows give it. */
export interface ShareDifference {
  uid: number;
  ours: number;
  theirs: number;
}

export interface RowDistance {
  /** L1: the sum over all uids of |ours - theirs|, of shares. 0: equal, 2: nothing in common. */
  distance: number;
  /** Uids with the largest differences, the largest first, the smaller uid first among equals. */
  largest: ShareDifference[];
}

/** Weights of one uid that a row names twice are added. An empty map: the row has no weight. */
export function sharesOf(row: WeightRow): Shares {
  const total = row.reduce((sum, [, weight]) => sum + weight, 0);
  const shares = new Map<number, number>();
  if (total <= 0) return shares;
  for (const [uid, weight] of row) if (weight > 0) shares.set(uid, (shares.get(uid) ?? 0) + weight / total);
  return shares;
}

/**
 * Distance of two rows.
 * @param count most uids that are listed
 * @returns undefined where one of them has no weight
 */
export function distanceOf(ours: Shares, theirs: Shares, count = 5): RowDistance | undefined {
  if (ours.size === 0 || theirs.size === 0) return undefined;
  const uids = [...new Set([...ours.keys(), ...theirs.keys()])];
  const differences = uids
    .map((uid) => ({ uid, ours: ours.get(uid) ?? 0, theirs: theirs.get(uid) ?? 0 }))
    .sort((a, b) => sizeOf(b) - sizeOf(a) || a.uid - b.uid);
  const distance = differences.reduce((sum, difference) => sum + sizeOf(difference), 0);
  const largest = differences.filter((difference) => sizeOf(difference) > 0).slice(0, count);
  return { distance: Math.min(2, distance), largest };
}

const sizeOf = ({ ours, theirs }: ShareDifference): number => Math.abs(ours - theirs);

/** A row and the stake, in any unit, of the validator that has set it. */
export interface StakedShares {
  stake: number;
  shares: Shares;
}

/**
 * Stake-weighted consensus: of each uid the largest share that validators with at least half of the stake give it or more,
 * which is Yuma's clipping point at kappa 0.5. The masks that the chain lays over rows before (weights to oneself, to a uid that
 * is newer than the row) are left out. Normalised to a sum of 1; empty where no uid has the support of half of the stake.
 */
export function consensusOf(rows: readonly StakedShares[]): Shares {
  const counted = rows.filter(({ stake, shares }) => stake > 0 && shares.size > 0);
  const half = counted.reduce((sum, { stake }) => sum + stake, 0) / 2;
  const uids = new Set(counted.flatMap(({ shares }) => [...shares.keys()]));
  const clipped = [...uids]
    .sort((a, b) => a - b)
    .map((uid): [number, number] => [uid, supportedShare(counted, uid, half)])
    .filter(([, share]) => share > 0);
  const total = clipped.reduce((sum, [, share]) => sum + share, 0);
  return new Map(clipped.map(([uid, share]) => [uid, share / total]));
}

function supportedShare(rows: readonly StakedShares[], uid: number, half: number): number {
  const given = rows
    .map(({ stake, shares }) => ({ stake, share: shares.get(uid) ?? 0 }))
    .sort((a, b) => b.share - a.share);
  let support = 0;
  for (const { stake, share } of given) {
    support += stake;
    if (support >= half) return share;
  }
  return 0;
}
