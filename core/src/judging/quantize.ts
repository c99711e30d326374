import { judgingErrors } from './errors.js';

const U16_MAX = 65_535;

/** Python's round: halves go to the even neighbour. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const fraction = value - floor;
  if (fraction !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/**
 * Weights as the chain takes them: the largest becomes 65535, the rest in proportion, what rounds to zero is left out
 * (the SDK's convert_weights_and_uids_for_emit). Too few are an error, where the old SDK pads with unearned weight.
 */
export function quantizeWeights(
  shares: readonly number[],
  options: { minAllowedWeights: number },
): { uids: number[]; weights: number[] } {
  const unusable = shares.findIndex((share) => !Number.isFinite(share) || share < 0);
  if (unusable >= 0) throw judgingErrors.WEIGHT_NOT_FINITE({ uid: unusable, weight: shares[unusable] ?? Number.NaN });
  const highest = Math.max(0, ...shares);
  const values = shares.map((share) => (highest > 0 ? roundHalfEven((share / highest) * U16_MAX) : 0));
  const uids = values.flatMap((value, uid) => (value > 0 ? [uid] : []));
  const minimum = Math.min(options.minAllowedWeights, shares.length);
  if (uids.length < minimum) throw judgingErrors.TOO_FEW_WEIGHTS({ nonZero: uids.length, minimum });
  return { uids, weights: uids.map((uid) => values[uid] ?? 0) };
}
