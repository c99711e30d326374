import type { MatchContext, ScoredContender } from '@assay/core/contracts/match-rule';
import { judgingErrors } from '@assay/core/judging/errors';
import { pairwiseMean } from './pairwise-sum.js';

/** Two models on the same samples. */
export interface Duel {
  king: ScoredContender;
  challenger: ScoredContender;
  /** Loss of the king less that of the challenger, by sample. Their mean is the difference of the weighted losses. */
  differences: Float64Array;
  /** Mean loss of the king over the same samples. */
  kingMean: number;
}

/**
 * A challenger that is a near copy may have a margin of its own against earlier models: each of its losses counts as more by
 * that share of its size.
 * @throws SEQUENCES_DIFFER
 */
export function duelOf(king: ScoredContender, challenger: ScoredContender): Duel {
  const [ours, theirs] = [weightedLosses(king), weightedLosses(challenger)];
  if (theirs.length !== ours.length || theirs.length === 0)
    throw judgingErrors.SEQUENCES_DIFFER({
      uid: challenger.uid,
      losses: theirs.length,
      expected: Math.max(1, ours.length),
    });
  const margin = challenger.block > king.block ? (challenger.margin ?? 0) : 0;
  const differences = ours.map((loss, index) => {
    const other = theirs[index] ?? Number.NaN;
    return loss - (other + margin * Math.abs(other));
  });
  return { king, challenger, differences, kingMean: pairwiseMean(ours) };
}

/** Losses of all tasks, each by the weight of its task, so that their mean is the weighted mean; one task's as they are. */
function weightedLosses({ tasks }: ScoredContender): Float64Array {
  const total = tasks.reduce((sum, { losses }) => sum + losses.length, 0);
  return Float64Array.from(
    tasks.flatMap(({ losses, weight }) => losses.map((loss) => loss * ((weight * total) / losses.length))),
  );
}

/** Number of samples that were drawn for all tasks. */
export const drawnSamples = ({ drawn }: Pick<MatchContext, 'drawn'>): number =>
  drawn.reduce((sum, { samples }) => sum + samples, 0);

/** Of each sample the cluster that it comes from, other numbers for each task; undefined where one of them does not say. */
export function clustersOf({ drawn }: Pick<MatchContext, 'drawn'>): number[] | undefined {
  const all: number[] = [];
  let first = 0;
  for (const { clusters } of drawn) {
    if (!clusters) return undefined;
    for (const cluster of clusters) all.push(first + cluster);
    first = clusters.reduce((most, cluster) => Math.max(most, first + cluster), first - 1) + 1;
  }
  return all;
}
