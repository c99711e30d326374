import { judgingErrors } from './errors.js';

/** Weights by uid. All numbers are float32 values, as the reference keeps them. */
export type WeightVector = readonly number[];

const sum32 = (values: readonly number[]): number => Math.fround(values.reduce((total, value) => total + value, 0));

/** Divided by the sum; all zero when the sum is. */
export function distribution32(values: readonly number[]): number[] {
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
export function nextAverage(
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
