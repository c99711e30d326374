import { effectiveSampleSize } from '@assay/core/judging/effective-sample-size';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const clustered = fc
  .array(
    fc.tuple(
      fc.integer({ min: -80, max: 80 }).map((value) => value / 8),
      fc.nat(5),
    ),
    { minLength: 1, maxLength: 60 },
  )
  .map((pairs) => ({ values: pairs.map(([value]) => value), clusters: pairs.map(([, cluster]) => cluster) }));

describe('the effective sample size', () => {
  // Worked out by hand.
  it.each<[what: string, values: number[], clusters: number[], expected: number | null]>([
    ['nothing', [], [], 0],
    ['one value', [3], [8], 1],
    ['one value of each cluster', [1, 5, 2], [4, 2, 9], 3],
    ['one cluster', [1, 2, 3], [0, 0, 0], null],
    ['clusters that are constant: each is one value', [1, 1, 1, 2, 2, 2], [0, 0, 0, 1, 1, 1], 2],
    ['values that are all equal', [7, 7, 7, 7], [0, 0, 1, 1], 4],
    ['clusters that are more alike between than within', [1, 9, 1, 9], [0, 0, 1, 1], 4],
    // means 1.5 and 4.5 of 3: B = 9, W = 0.5, n0 = 2, rho = 8.5 / 9.5
    ['two clusters of two', [1, 2, 4, 5], [0, 0, 1, 1], 4 / (1 + 8.5 / 9.5)],
    // means 2 and 6 of 3.6: B = 3 x 1.6^2 + 2 x 2.4^2 = 19.2, W = (2 + 2) / 3, n0 = 5 - 13 / 5 = 2.4
    [
      'clusters of other sizes',
      [1, 2, 3, 5, 7],
      [3, 3, 3, 0, 0],
      5 / (1 + (1.5 * (19.2 - 4 / 3)) / (19.2 + (1.4 * 4) / 3)),
    ],
  ])('of %s', (_what, values, clusters, expected) => {
    const found = effectiveSampleSize(values, clusters);
    if (expected === null) expect(found).toBeNull();
    else expect(found).toBeCloseTo(expected, 9);
  });

  it('is at most the number of values, and at least that of the clusters of equal size', () => {
    fc.assert(
      fc.property(clustered, ({ values, clusters }) => {
        const found = effectiveSampleSize(values, clusters);
        if (found === null) return;
        expect(found).toBeGreaterThan(0);
        expect(found).toBeLessThanOrEqual(values.length);
      }),
    );
  });

  it('depends neither on the order of the values, nor on the names of the clusters, nor on scale and place', () => {
    fc.assert(
      fc.property(clustered, ({ values, clusters }) => {
        const found = effectiveSampleSize(values, clusters);
        const other = effectiveSampleSize(
          values.toReversed().map((value) => 3 + value * 4),
          clusters.toReversed().map((cluster) => 90 - cluster),
        );
        if (found === null) expect(other).toBeNull();
        else expect(other).toBeCloseTo(found, 3);
      }),
    );
  });

  it('refuses another number of clusters than of values', () => {
    expect(() => effectiveSampleSize([1], [])).toThrow(RangeError);
  });
});
