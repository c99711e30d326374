import { nextAverage } from '@assay/core/judging/moving-average';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { grownTo, inSchedule, mergeCompetitions } from '../../pretraining.js';

const NEURONS = 8;
const weight = fc.oneof(fc.constant(0), fc.double({ min: 1e-6, max: 1, noNaN: true }));
const weights = fc
  .array(weight, { minLength: NEURONS, maxLength: NEURONS })
  .filter((all) => all.some((one) => one > 0));
const alpha = fc.double({ min: 0, max: 0.99, noNaN: true });
const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);

describe('nextAverage', () => {
  it('stays a distribution over any history', () => {
    fc.assert(
      fc.property(fc.array(weights, { minLength: 1, maxLength: 20 }), alpha, (history, a) => {
        let average: number[] | undefined;
        for (const step of history) average = nextAverage(average, step, a);
        expect(sum(average ?? [])).toBeCloseTo(1, 4);
        for (const value of average ?? []) expect(value).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('takes the first record whole and moves towards the next by 1 - alpha', () => {
    const first = nextAverage(undefined, [1, 3], 0.5);
    expect(first).toEqual([0.25, 0.75]);
    expect(nextAverage(first, [1, 0], 0.5)).toEqual([0.625, 0.375]);
    expect(first).toEqual([0.25, 0.75]);
  });

  it('meets zeros where the subnet has grown, and fades where all weights are zero', () => {
    expect(nextAverage([0.5, 0.5], [0, 0, 1], 0.5)).toEqual([0.25, 0.25, 0.5]);
    expect(nextAverage([0.5, 0.5], [0, 0], 0.5)).toEqual([0.25, 0.25]);
    expect(grownTo([0.5, 0.5], 4)).toEqual([0.5, 0.5, 0, 0]);
  });

  it.each([
    [[Number.NaN, 1], 'WEIGHT_NOT_FINITE'],
    [[Number.POSITIVE_INFINITY, 1], 'WEIGHT_NOT_FINITE'],
    [[-1, 1], 'WEIGHT_NOT_FINITE'],
    [[1], 'SUBNET_SHRUNK'],
  ])('refuses %j', (bad, code) => {
    expect(() => nextAverage([0.5, 0.5], bad, 0.5)).toThrow(expect.objectContaining({ code, fault: 'validator' }));
  });
});

describe('mergeCompetitions', () => {
  const share = fc.double({ min: 0.01, max: 1, noNaN: true });

  it('is a distribution, whatever the shares sum to, and touches no average', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(weights, share), { minLength: 1, maxLength: 4 }),
        fc.constantFrom(0, 0.01),
        (all, threshold) => {
          const averages = new Map(all.map(([vector], id) => [id, nextAverage(undefined, vector, 0.5)]));
          const before = structuredClone(averages);
          const merged = mergeCompetitions(
            averages,
            all.map(([, part], id) => ({ id, share: part })),
            NEURONS,
            threshold,
          );
          expect(sum(merged)).toBeCloseTo(1, 4);
          expect(averages).toEqual(before);
        },
      ),
    );
  });

  it('hands the share of a competition without a record to the others', () => {
    const averages = new Map([
      [2, [1, 0]],
      [4, [0, 1]],
    ]);
    const schedule = [
      { id: 2, share: 0.25 },
      { id: 4, share: 0.25 },
      { id: 5, share: 0.5 },
    ];
    expect(mergeCompetitions(averages, schedule, 2)).toEqual([0.5, 0.5]);
    expect(mergeCompetitions(new Map(), schedule, 2)).toEqual([0, 0]);
  });

  it('counts what lies below the threshold as nothing', () => {
    const merged = mergeCompetitions(new Map([[1, [0.9, 0.0625, 0.0375]]]), [{ id: 1, share: 1 }], 3, 0.05);
    expect(merged[2]).toBe(0);
    expect(merged[0]).toBeCloseTo(0.9 / 0.9625, 6);
  });

  it('drops what the schedule no longer has', () => {
    expect(
      inSchedule(
        new Map([
          [1, 'a'],
          [2, 'b'],
        ]),
        [2, 3],
      ),
    ).toEqual(new Map([[2, 'b']]));
  });
});
