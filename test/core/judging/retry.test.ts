import type { PastResult } from '@assay/core/contracts/entrants-rule';
import { shouldRetry } from '@assay/core/rules/entrants/retry';
import { describe, expect, it } from 'vitest';
import { fixedEpsilon, linearDecay } from '../../pretraining.js';

const past = (score: number | null, winnerScore: number | null = 2): PastResult => ({
  block: 900,
  score,
  winnerBlock: 500,
  winnerScore,
});

describe('shouldRetry', () => {
  it.each([
    ['never evaluated', [], true],
    ['failed once', [past(null)], true],
    ['failed twice', [past(null), past(null)], false],
    ['failed three times', [past(null), past(null), past(null)], false],
    ['failed where nobody won', [past(null, null)], true],
    ['worse than the winner', [past(2.1)], false],
    ['better than the winner beyond epsilon', [past(1.8)], true],
    ['better within epsilon', [past(1.95)], false],
    ['exactly at epsilon', [past(1.8000000000000003)], false],
    ['better once and failed since', [past(1.8), past(null)], true],
    ['worse once and failed since', [past(2.1), past(null)], false],
    ['better once and worse since', [past(1.8), past(2.1)], false],
  ])('of a model that was %s', (_what, history, expected) => {
    // 2 * (1 - 0.05) = 1.9 is what a later model must be below; 1.8 with the larger epsilon of the boundary case.
    const epsilon = fixedEpsilon(history.some(({ score }) => score === 1.8000000000000003) ? 0.1 : 0.05);
    expect(shouldRetry(history, epsilon, 1000)).toBe(expected);
  });

  it('comes once the advantage of the winner has decayed', () => {
    const epsilon = linearDecay({ start: 0.1, end: 0, blocks: 1000 });
    expect([500, 999, 1001, 1500].map((now) => shouldRetry([past(1.9)], epsilon, now))).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });
});
