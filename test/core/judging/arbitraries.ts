import { finiteScore } from '@assay/core/contracts/brands';
import type { EpsilonFunction } from '@assay/core/contracts/epsilon-function';
import fc from 'fast-check';
import { type JudgedContender, type RoundRules, fixedEpsilon, linearDecay } from '../../pretraining.js';

/** Losses as models have them, with a few that are equal. */
export const losses = fc.oneof(fc.double({ min: 1e-3, max: 20, noNaN: true }), fc.constantFrom(1, 2, 2.5, 3));
/** Few enough blocks that some share one. */
export const blocks = fc.integer({ min: 0, max: 12 }).map((step) => 5_000_000 + step * 600);
export const now = fc.integer({ min: 4_999_000, max: 5_060_000 });

const share = fc.double({ min: 0, max: 0.99, noNaN: true });

export const epsilons: fc.Arbitrary<EpsilonFunction> = fc.oneof(
  share.map(fixedEpsilon),
  fc
    .tuple(share, share, fc.integer({ min: 1, max: 72_000 }))
    .map(([a, b, decay]) => linearDecay({ start: Math.max(a, b), end: Math.min(a, b), blocks: decay })),
);

export const rules: fc.Arbitrary<RoundRules> = fc.record({
  epsilon: epsilons,
  comparison: fc.constantFrom('mean-loss' as const, 'per-sequence' as const),
  temperature: fc.constantFrom(0.01, 0.1, 1),
  alpha: fc.constantFrom(0, 0.5, 0.9),
  keepThreshold: fc.constant(0.001),
  sampleMin: fc.integer({ min: 1, max: 6 }),
});

export const SEQUENCES = 4;

/** Loss of each sequence, and their mean as the score. */
export function scored(uid: number, block: number, sequenceLosses: readonly number[]): JudgedContender {
  const score = finiteScore(sequenceLosses.reduce((sum, loss) => sum + loss, 0) / sequenceLosses.length);
  if (score === undefined) throw new RangeError('a contender of a test needs a score');
  return { uid, block, outcome: { status: 'scored', score, sequenceLosses } };
}

export function failed(
  uid: number,
  block: number,
  fault: 'miner' | 'validator' | 'network' = 'miner',
): JudgedContender {
  return {
    uid,
    block,
    outcome: { status: 'failed', error: { code: 'TEST', message: '', hint: '', fault, retry: 'never', payload: {} } },
  };
}

const contender = fc.tuple(
  fc.integer({ min: 0, max: 40 }),
  blocks,
  fc.array(losses, { minLength: SEQUENCES, maxLength: SEQUENCES }),
  fc.integer({ min: 0, max: 5 }),
);

/** Contenders of distinct uids; about one in six has failed by its own doing. */
export const contenders: fc.Arbitrary<JudgedContender[]> = fc
  .uniqueArray(contender, { selector: ([uid]) => uid, minLength: 1, maxLength: 9 })
  .map((all) =>
    all.map(([uid, block, sequenceLosses, dice]) =>
      dice === 0 ? failed(uid, block) : scored(uid, block, sequenceLosses),
    ),
  );
