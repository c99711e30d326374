import { finiteScore } from '@assay/core/contracts/brands';
import { normalizeScore } from '@assay/core/judging/normalize';
import { scoreModel, type RawTaskScore } from '@assay/core/judging/score';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const normalization = fc.oneof(
  fc.constant({ type: 'none' as const }),
  fc.double({ min: 0.5, max: 50, noNaN: true }).map((ceiling) => ({ type: 'inverse-exponential' as const, ceiling })),
);
const task = fc.record({
  name: fc.string(),
  rawScore: fc.double({ min: 0, max: 30, noNaN: true }),
  weight: fc.double({ min: 0.01, max: 1, noNaN: true }),
  normalization,
});
const tasks = fc.array(task, { minLength: 1, maxLength: 6 });

describe('scoreModel', () => {
  it('lies between the lowest and the highest normalised score', () => {
    fc.assert(
      fc.property(tasks, (all) => {
        const { score, tasks: scored } = scoreModel(all);
        const normalized = scored.map(({ normalizedScore }) => normalizedScore);
        expect(score).toBeGreaterThanOrEqual(Math.min(...normalized) - 1e-9);
        expect(score).toBeLessThanOrEqual(Math.max(...normalized) + 1e-9);
      }),
    );
  });

  it('does not change when every weight is scaled: a task that did not run takes nothing with it', () => {
    fc.assert(
      fc.property(tasks, fc.double({ min: 0.1, max: 10, noNaN: true }), (all, factor) => {
        const scaled = all.map((one) => ({ ...one, weight: one.weight * factor }));
        expect(scoreModel(scaled).score).toBeCloseTo(scoreModel(all).score, 9);
      }),
    );
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'is no score when a task gives %d, even where it would be normalised',
    (rawScore) => {
      const good: RawTaskScore = { name: 'good', rawScore: 3, weight: 0.5, normalization: { type: 'none' } };
      const bad: RawTaskScore = {
        name: 'bad',
        rawScore,
        weight: 0.5,
        normalization: { type: 'inverse-exponential', ceiling: 5 },
      };
      expect(finiteScore(scoreModel([good, bad]).score)).toBeUndefined();
    },
  );

  it('is no score when no task ran', () => {
    expect(finiteScore(scoreModel([]).score)).toBeUndefined();
  });
});

describe('normalizeScore', () => {
  it('grows with the score up to 1 at the ceiling', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.5, max: 50, noNaN: true }),
        fc.double({ min: 0, max: 60, noNaN: true }),
        (ceiling, score) => {
          const rule = { type: 'inverse-exponential' as const, ceiling };
          const value = normalizeScore(score, rule);
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(1);
          expect(normalizeScore(score + 1, rule)).toBeGreaterThanOrEqual(value);
        },
      ),
    );
  });
});
