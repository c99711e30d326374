import { softmax32 } from '@assay/core/judging/softmax';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const rates = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 256 });

describe('softmax32', () => {
  it('is a distribution of float32 numbers, higher for higher values', () => {
    fc.assert(
      fc.property(rates, fc.constantFrom(0.001, 0.01, 1), (values, temperature) => {
        const weights = softmax32(values, temperature);
        expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 4);
        for (const [i, weight] of weights.entries()) {
          expect(Math.fround(weight)).toBe(weight);
          for (const [j, other] of weights.entries())
            if ((values[i] ?? 0) > (values[j] ?? 0)) expect(weight).toBeGreaterThanOrEqual(other);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('is even where all are equal', () => {
    expect(softmax32([0.5, 0.5, 0.5, 0.5], 0.01)).toEqual([0.25, 0.25, 0.25, 0.25]);
  });
});
