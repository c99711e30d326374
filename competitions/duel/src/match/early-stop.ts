import { pairwiseSum } from './pairwise-sum.js';
import { quantile } from './quantile.js';

interface Futility {
  /** Quantile of the differences so far that every missing one is taken to have. */
  quantile: number;
  /** Smallest share of the samples after which a challenger can be stopped. */
  fraction: number;
}

/**
 * The highest mean that a challenger is taken to reach: every missing difference is as good as the quantile of those so far.
 * @param differences so far, not empty
 * @param total number of samples of the round
 */
export function reachableMean(differences: Float64Array, total: number, share: number): number {
  const missing = total - differences.length;
  return (pairwiseSum(differences) + missing * quantile(differences.slice().sort(), share)) / total;
}

/** Whether a challenger has lost before every sample is scored: the highest mean that it is taken to reach is below the margin. */
export function isHopeless(
  differences: Float64Array,
  total: number,
  margin: number,
  { quantile: share, fraction }: Futility,
): boolean {
  const { length: done } = differences;
  if (done === 0 || done >= total || done < Math.trunc(total * fraction)) return false;
  return reachableMean(differences, total, share) < margin;
}
