import { judgingErrors } from './errors.js';

const U16_MAX = 65_535;

/** Python's round: halves go to the even neighbour. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const fraction = value - floor;
  if (fraction !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

interface QuantizeOptions {
  /** Entries that the chain asks for, or all uids where there are fewer of them. */
  minAllowedWeights: number;
  /** Uids that are taken, in ascending order; all of `shares` when left out. */
  uids?: readonly number[];
}

/**
 * Weights as the chain takes them: the largest becomes 65535, the rest in proportion, and what rounds to zero is left out
 * (the SDK's convert_weights_and_uids_for_emit). The chain counts entries and not weight, so too few of them are filled up
 * with zeros for the lowest uids, where the SDK gives weight that nobody has earned. Nothing is filled up where nobody has
 * weight.
 * @param shares by uid
 * @throws WEIGHT_NOT_FINITE
 */
export function quantizeWeights(
  shares: readonly number[],
  { minAllowedWeights, uids: taken = [...shares.keys()] }: QuantizeOptions,
): { uids: number[]; weights: number[] } {
  const unusable = shares.findIndex((share) => !Number.isFinite(share) || share < 0);
  if (unusable >= 0) throw judgingErrors.WEIGHT_NOT_FINITE({ uid: unusable, weight: shares[unusable] ?? Number.NaN });
  const highest = Math.max(0, ...shares);
  if (highest === 0) return { uids: [], weights: [] };
  const values = shares.map((share) => roundHalfEven((share / highest) * U16_MAX));
  const earned = values.flatMap((value, uid) => (value > 0 ? [uid] : []));
  const missing = Math.max(0, Math.min(minAllowedWeights, taken.length) - earned.length);
  const filler = taken.filter((uid) => !((values[uid] ?? 0) > 0)).slice(0, missing);
  const uids = [...earned, ...filler].sort((a, b) => a - b);
  return { uids, weights: uids.map((uid) => values[uid] ?? 0) };
}
