import fc from 'fast-check';
import { consensusOf, distanceOf, sharesOf, type Shares } from '@assay/core/chain/weight-distance';
import { describe, expect, it } from 'vitest';

const row = fc.array(fc.tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 65_535 })), {
  maxLength: 40,
});
const weighted = row.filter((pairs) => pairs.some(([, weight]) => weight > 0)).map(sharesOf);
const total = (shares: Shares): number => [...shares.values()].reduce((sum, share) => sum + share, 0);
const distance = (ours: Shares, theirs: Shares): number => distanceOf(ours, theirs)?.distance ?? Number.NaN;

describe('sharesOf', () => {
  it('sums to 1, or is empty where there is no weight', () => {
    fc.assert(
      fc.property(row, (pairs) => {
        const shares = sharesOf(pairs);
        const hasWeight = pairs.some(([, weight]) => weight > 0);
        expect(shares.size > 0).toBe(hasWeight);
        if (hasWeight) expect(total(shares)).toBeCloseTo(1, 9);
      }),
    );
  });

  it('does not depend on the scale, and adds what is said twice of one uid', () => {
    expect(sharesOf([[1, 10], [2, 30]])).toEqual(sharesOf([[1, 20_000], [2, 60_000]])); // prettier-ignore
    expect(sharesOf([[1, 1], [2, 1], [1, 2]])).toEqual(new Map([[1, 0.75], [2, 0.25]])); // prettier-ignore
  });
});

describe('distanceOf', () => {
  it('is a metric on rows with weight, from 0 to 2', () => {
    fc.assert(
      fc.property(weighted, weighted, weighted, (a, b, c) => {
        expect(distance(a, a)).toBe(0);
        expect(distance(a, b)).toBeCloseTo(distance(b, a), 9);
        expect(distance(a, b)).toBeGreaterThanOrEqual(0);
        expect(distance(a, b)).toBeLessThanOrEqual(2);
        expect(distance(a, c)).toBeLessThanOrEqual(distance(a, b) + distance(b, c) + 1e-9);
      }),
    );
  });

  it('is 2 exactly for rows that have no uid in common', () => {
    fc.assert(
      fc.property(weighted, weighted, (a, b) => {
        const shifted = new Map([...b].map(([uid, share]) => [uid + 1_000, share]));
        expect(distance(a, shifted)).toBeCloseTo(2, 9);
      }),
    );
  });

  it('lists the uids that make most of it, the largest first', () => {
    fc.assert(
      fc.property(weighted, weighted, (a, b) => {
        const found = distanceOf(a, b, 1_000);
        const sizes = (found?.largest ?? []).map(({ ours, theirs }) => Math.abs(ours - theirs));
        expect(sizes).toEqual([...sizes].sort((one, other) => other - one));
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBeCloseTo(found?.distance ?? Number.NaN, 9);
        expect(distanceOf(a, b)?.largest).toEqual(found?.largest.slice(0, 5));
      }),
    );
  });

  it.each<[string, [number, number][], [number, number][], number | undefined, number[]]>([
    ['equal rows of another scale', [[1, 1]], [[1, 65_535]], 0, []],
    ['half moved', [[1, 2], [2, 2]], [[1, 4]], 1, [1, 2]],
    ['a row without entries', [[1, 1]], [], undefined, []],
    ['a row of zeros', [[1, 0]], [[1, 1]], undefined, []],
  ])('%s', (_what, ours, theirs, expected, uids) => {
    const found = distanceOf(sharesOf(ours), sharesOf(theirs));
    expect(found?.distance).toBe(expected);
    expect((found?.largest ?? []).map(({ uid }) => uid)).toEqual(uids);
  }); // prettier-ignore
});

describe('consensusOf', () => {
  const staked = (stake: number, pairs: [number, number][]) => ({ stake, shares: sharesOf(pairs) });

  it('of validators that agree is their row; it sums to 1 or is empty', () => {
    fc.assert(
      fc.property(
        weighted,
        fc.array(fc.integer({ min: 1, max: 1e9 }), { minLength: 1, maxLength: 8 }),
        (shares, stakes) => {
          const consensus = consensusOf(stakes.map((stake) => ({ stake, shares })));
          expect(distance(consensus, shares)).toBeCloseTo(0, 9);
        },
      ),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 1e9 }), row), { maxLength: 8 }), (validators) => {
        const consensus = consensusOf(validators.map(([stake, pairs]) => staked(stake, pairs)));
        if (consensus.size > 0) expect(total(consensus)).toBeCloseTo(1, 9);
      }),
    );
  });

  it('follows the stake: a minority moves nothing', () => {
    const majority = staked(60, [[1, 1], [2, 3]]); // prettier-ignore
    const consensus = consensusOf([majority, staked(40, [[7, 1]])]);
    expect([...consensus]).toEqual([...majority.shares]);
  });

  it('takes what half of the stake supports', () => {
    const consensus = consensusOf([
      staked(50, [[1, 1]]),
      staked(30, [[1, 1], [2, 1]]),
      staked(20, [[2, 1]]),
    ]); // prettier-ignore
    expect([...consensus]).toEqual([
      [1, 2 / 3],
      [2, 1 / 3],
    ]);
  });

  it('does not count who has no stake or no row', () => {
    expect([...consensusOf([staked(0, [[1, 1]]), staked(10, [])])]).toEqual([]);
  });
});
