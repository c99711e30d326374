import { judgingErrors } from './errors.js';

/** Weights by uid. All numbers are float32 values, as the reference keeps them. */
export type WeightVector = readonly number[];

const sum32 = (values: readonly number[]): number => Math.fround(values.reduce((total, value) => total + value, 0));

/** Divided by the sum; all zero when the sum is. */
function distribution32(values: readonly number[]): number[] {
  const sum = sum32(values);
  return values.map((value) => (sum > 0 ? Math.fround(value / sum) : 0));
}

/**
 * alpha * before + (1 - alpha) * the new distribution; the first record is taken whole. A longer vector (a subnet that
 * has grown) meets zeros.
 * @param neurons uids that are known to exist: a vector over fewer is refused
 * @throws WEIGHT_NOT_FINITE where the reference would turn NaN into 0 and infinity into the largest float
 * @throws SUBNET_SHRUNK
 */
export function recordWeights(
  before: WeightVector | undefined,
  weights: WeightVector,
  alpha: number,
  neurons = before?.length ?? 0,
): number[] {
  if (weights.length < neurons) throw judgingErrors.SUBNET_SHRUNK({ before: neurons, now: weights.length });
  const unusable = weights.findIndex((weight) => !Number.isFinite(weight) || weight < 0);
  if (unusable >= 0) throw judgingErrors.WEIGHT_NOT_FINITE({ uid: unusable, weight: weights[unusable] ?? Number.NaN });
  const fresh = distribution32(weights.map(Math.fround));
  if (!before) return fresh;
  const [old, rest] = [Math.fround(alpha), Math.fround(1 - alpha)];
  return fresh.map((weight, uid) => Math.fround(Math.fround(old * (before[uid] ?? 0)) + Math.fround(rest * weight)));
}

/** A vector over more uids: the new ones have nothing. */
export function grownTo(average: WeightVector, neurons: number): number[] {
  return Array.from({ length: Math.max(neurons, average.length) }, (_none, uid) => average[uid] ?? 0);
}

/**
 * The subnet's weights: averages of the competitions in force, each by its reward share, normalised. A competition
 * without a record hands out nothing, and its share goes to the others by the normalisation.
 * @param threshold weights of an average below it count as nothing; the average itself is left as it is
 */
export function mergeCompetitions(
  averages: ReadonlyMap<number, WeightVector>,
  competitions: readonly { id: number; share: number }[],
  length: number,
  threshold = 0,
): number[] {
  const merged = new Array<number>(length).fill(0);
  for (const { id, share } of competitions) {
    const average = averages.get(id);
    if (!average) continue;
    const counted =
      threshold > 0 ? distribution32(average.map((weight) => (weight < threshold ? 0 : weight))) : average;
    for (let uid = 0; uid < length; uid += 1) {
      merged[uid] = Math.fround((merged[uid] ?? 0) + Math.fround((counted[uid] ?? 0) * Math.fround(share)));
    }
  }
  return distribution32(merged);
}

/** The averages of competitions that are still in the schedule. */
export function inSchedule<T>(averages: ReadonlyMap<number, T>, ids: readonly number[]): Map<number, T> {
  return new Map([...averages].filter(([id]) => ids.includes(id)));
}
