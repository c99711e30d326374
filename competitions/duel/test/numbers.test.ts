import { lowerBound } from '@assay/competition-duel/dist/match/bootstrap.js';
import { isHopeless, reachableMean } from '@assay/competition-duel/dist/match/early-stop.js';
import { normalBelow, normalQuantile } from '@assay/competition-duel/dist/match/normal.js';
import { pairwiseMean } from '@assay/competition-duel/dist/match/pairwise-sum.js';
import { quantile } from '@assay/competition-duel/dist/match/quantile.js';
import { finish } from '@assay/core/judging/steps';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

/** Values that numpy makes the same way: `np.arange(n) * 7919 % 1000 / 997 - 0.4`. */
const valuesOf = (count: number): Float64Array =>
  Float64Array.from({ length: count }, (_none, index) => ((index * 7919) % 1000) / 997 - 0.4);

// numpy 1.24.2, to the last bit.
describe('numbers as numpy has them', () => {
  it.each([
    [1, -0.4],
    [7, 0.21599082963175237],
    [8, 0.19327983951855562],
    [9, 0.1665886548534492],
    [15, 0.10117017719826144],
    [127, 0.09691594468444702],
    [128, 0.09862086258776327],
    [129, 0.09966955128952747],
    [136, 0.08985190866717797],
    [137, 0.09348044132397189],
    [1000, 0.10100300902708122],
    [10_000, 0.10100300902708123],
    [8192, 0.10098831651203609],
    [8193, 0.10098201353725522],
    [12_345, 0.10101377441356062],
    [16_385, 0.10101356862776305],
    [25_000, 0.10100300902708124],
    [25_001, 0.1009829697082929],
  ])('the mean of %i values', (count, mean) => {
    expect(pairwiseMean(valuesOf(count))).toBe(mean);
  });

  it.each([
    [1, 0.94, -0.4],
    [2, 0.001, -0.39907823470411236],
    [2, 0.5, 0.06088264794383147],
    [2, 0.94, 0.46645937813440314],
    [10, 0.05, -0.27768304914744235],
    [10, 0.94, 0.4778936810431293],
    [129, 0.001, -0.3996148445336008],
    [129, 0.94, 0.5287462387161483],
    [1000, 0.05, -0.34989969909729185],
    [1000, 0.5, 0.1010030090270812],
    [1000, 1, 0.6020060180541625],
  ])('of %i values the quantile %d', (count, share, value) => {
    expect(quantile(valuesOf(count).sort(), share)).toBe(value);
  });

  it.each([
    [1, 5, 1n, 0.5, -0.004],
    [2, 100, 45_063n, 0.05, -0.004],
    [200, 1000, 45_063n, 0.001, 0.0003947704613841522],
    [3000, 500, (1n << 64n) + 5n, 0.01, 0.000892265763958542],
    [10_000, 200, 45_063n, 0.001, 0.0009358025085255765],
  ])('of %i differences the lower bound by %i resamples', (count, resamples, seed, alpha, bound) => {
    const differences = valuesOf(count).map((value) => value / 100);
    expect(finish(lowerBound(differences, { resamples, seed, alpha }))).toBe(bound);
  });
});

// Python's statistics.NormalDist.
describe('the normal distribution', () => {
  it.each([
    [-8, 6.106226635438361e-16],
    [-3.0902, 0.0010001087832070543],
    [-1, 0.15865525393145707],
    [0.5, 0.6914624612740131],
    [2, 0.9772498680518208],
  ])('below %d', (value, share) => {
    expect(normalBelow(value) / share).toBeCloseTo(1, value < -5 ? 1 : 5);
  });

  it.each([
    [1e-9, -5.9978070150076865],
    [0.001, -3.090232306167813],
    [0.05, -1.6448536269514726],
    [0.5, 0],
    [0.9, 1.2815515655446008],
    [0.999, 3.090232306167813],
  ])('has the quantile of %d', (share, value) => {
    expect(normalQuantile(share)).toBeCloseTo(value, 5);
  });
});

describe('an early stop', () => {
  const futility = { quantile: 0.94, fraction: 0.2 };
  const bad = (count: number): Float64Array => new Float64Array(count).fill(-0.1);

  it.each([
    [19, 100, false],
    [20, 100, true],
    [99, 100, true],
    [100, 100, false],
    [0, 100, false],
  ])('after %i of %i samples, all of them bad: %s', (done, total, stops) => {
    expect(isHopeless(bad(done), total, 0.0015, futility)).toBe(stops);
  });

  it('is never made while the missing samples could reach the margin', () => {
    const differences = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(
        differences,
        fc.integer({ min: 1, max: 50 }),
        fc.double({ min: 0, max: 0.5, noNaN: true }),
        (some, more, margin) => {
          const so = Float64Array.from(some);
          const best = Math.max(...some);
          const total = some.length + more;
          const reachable = (some.reduce((sum, value) => sum + value, 0) + more * best) / total;
          const stops = isHopeless(so, total, margin, { quantile: 1, fraction: 0 });
          expect(reachableMean(so, total, 1)).toBeCloseTo(reachable, 12);
          if (reachable > margin + 1e-9) expect(stops).toBe(false);
          if (reachable < margin - 1e-9) expect(stops).toBe(true);
        },
      ),
    );
  });
});
