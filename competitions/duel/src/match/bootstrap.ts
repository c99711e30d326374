import type { Steps } from '@assay/core/judging/steps';
import { NumpyGenerator } from '@assay/lib-numpy-random';
import { BUFFER, bufferSum } from './pairwise-sum.js';
import { quantile } from './quantile.js';

/** Draws between two pauses, a few milliseconds of work. */
const STEP = 500_000;

interface Resampling {
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
  const resampler = new Resampler(differences, new NumpyGenerator(seed));
  const means = new Float64Array(resamples);
  let work = 0;
  for (let index = 0; index < resamples; index += 1) {
    means[index] = resampler.sum() / differences.length;
    work += differences.length;
    if (work < STEP) continue;
    work = 0;
    yield;
  }
  return quantile(means.sort(), alpha);
}

/** Draws in parts of numpy's buffer, which the cache of a processor holds. */
class Resampler {
  readonly #drawn: Uint32Array;
  readonly #sample: Float64Array;

  constructor(
    private readonly values: Float64Array,
    private readonly generator: NumpyGenerator,
  ) {
    this.#drawn = new Uint32Array(Math.min(BUFFER, values.length));
    this.#sample = new Float64Array(this.#drawn.length);
  }

  /** Sum of as many values as there are, drawn with replacement. */
  sum(): number {
    const { length } = this.values;
    let total = 0;
    for (let done = 0; done < length; done += BUFFER) total += this.#part(Math.min(BUFFER, length - done));
    return total;
  }

  #part(count: number): number {
    const [values, sample] = [this.values, this.#sample];
    const drawn = this.#drawn.subarray(0, count);
    this.generator.fill(drawn, values.length);
    for (let index = 0; index < count; index += 1) sample[index] = values[drawn[index] ?? 0] ?? 0;
    return bufferSum(sample, 0, count);
  }
}
