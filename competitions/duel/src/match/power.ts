import type { MatchContext, Outlook } from '@assay/core/contracts/match-rule';
import { effectiveSampleSize } from '@assay/core/judging/effective-sample-size';
import { clustersOf, drawnSamples, type Duel } from './differences.js';
import { normalBelow, normalQuantile } from './normal.js';
import { pairwiseMean } from './pairwise-sum.js';

/** Share of rounds that tell the mean from the margin. */
const POWER = 0.9;

/**
 * How many sequences a duel of this mean and spread takes, by the normal approximation: the lower bound at level alpha is
 * mean - z(1 - alpha) s / sqrt(n), so the challenger wins a round of n sequences with probability
 * F((mean - margin) sqrt(n) / s - z(1 - alpha)), F the normal distribution. A mean is distinguished from the margin at this level, on
 * whichever side it is, in nine of ten rounds with n = ((z(1 - alpha) + z(0.9)) s / (mean - margin))^2. Sequences of few
 * clusters count as fewer, by the effective sample size.
 */
export function outlookOf(
  { challenger: { uid }, differences }: Duel,
  margin: number,
  alpha: number,
  context: Pick<MatchContext, 'drawn'>,
): Outlook {
  const lead = pairwiseMean(differences) - margin;
  const deviation = standardDeviation(differences) * Math.sqrt(designEffect(differences, context));
  if (deviation === 0) return { uid, samples: lead === 0 ? null : 1, chance: lead > 0 ? 1 : 0 };
  const confidence = normalQuantile(1 - alpha);
  const width = Math.max(0, confidence + normalQuantile(POWER)) * deviation;
  const samples = Math.max(1, Math.ceil((width / lead) ** 2));
  return {
    uid,
    samples: Number.isSafeInteger(samples) ? samples : null,
    chance: normalBelow((lead * Math.sqrt(drawnSamples(context))) / deviation - confidence),
  };
}

/** By how much the variance of a mean is larger than if the values were independent. */
function designEffect(differences: Float64Array, context: Pick<MatchContext, 'drawn'>): number {
  const clusters = clustersOf(context)?.slice(0, differences.length);
  if (clusters?.length !== differences.length) return 1;
  return differences.length / (effectiveSampleSize([...differences], clusters) ?? differences.length);
}

/** Of one value, taken from n of them. */
function standardDeviation(values: Float64Array): number {
  const mean = pairwiseMean(values);
  const squares = values.map((value) => (value - mean) ** 2);
  return values.length < 2 ? 0 : Math.sqrt((pairwiseMean(squares) * values.length) / (values.length - 1));
}
