import type { Steps } from '@assay/core/judging/steps';
import { NumpyGenerator } from '@assay/lib-numpy-random';
import { pairwiseSum } from './pairwise-sum.js';
import { quantile } from './quantile.js';

/** Draws between two pauses, a few milliseconds of work. */
const STEP = 500_000;

export interface Resampling {
  resamples: number;
  /** Seed of numpy's `default_rng`. */
  seed: bigint;
  /** Share of the resampled means below the bound. */
  alpha: number;
}

/**
 * Lower bound of the mean of these differences: the quantile of the means of resamples, each of as many draws with
 * replacement by `default_rng(seed).integers(0, n, size=n)`.
 * @param differences not empty
 */
export function* lowerBound(differences: Float64Array, { resamples, seed, alpha }: Resampling): Steps<number> {
  const means = yield* resampledMeans(differences, resamples, new NumpyGenerator(seed));
  return quantile(means.sort(), alpha);
}

function* resampledMeans(differences: Float64Array, resamples: number, generator: NumpyGenerator): Steps<Float64Array> {
  const { length } = differences;
  const [drawn, sample, means] = [new Uint32Array(length), new Float64Array(length), new Float64Array(resamples)];
  let work = 0;
  for (let index = 0; index < resamples; index += 1) {
    generator.fill(drawn, length);
    for (let at = 0; at < length; at += 1) sample[at] = differences[drawn[at] ?? 0] ?? 0;
    means[index] = pairwiseSum(sample) / length;
    work += length;
    if (work < STEP) continue;
    work = 0;
    yield;
  }
  return means;
}
