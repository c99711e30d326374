import { finiteScore } from '@assay/core/contracts/brands';
import type { MatchOutcome, MatchRule, ScoredContender } from '@assay/core/contracts/match-rule';
import { finish } from '@assay/core/judging/steps';
import { fixed } from '@assay/core/rules/epsilon/fixed';
import { isWin } from '@assay/core/rules/match/advantage';
import { meanLoss } from '@assay/core/rules/match/mean-loss';
import { perBatch } from '@assay/core/rules/match/per-batch';
import { PythonRandom } from '@assay/core/sampling/python-random';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blocks, epsilons, losses, now } from './arbitraries.js';

function contenderOf(uid: number, block: number, loss: number, margin?: number): ScoredContender {
  const score = finiteScore(loss);
  if (score === undefined) throw new RangeError(`${loss} is no score`);
  const tasks = [{ name: 'text', weight: 1, losses: [loss, loss] }];
  return { uid, hotkey: `hotkey-${uid}`, block, score, tasks, ...(margin === undefined ? {} : { margin }) };
}

const played = (
  rule: MatchRule,
  contenders: ScoredContender[],
  epsilon = fixed.bind({ epsilon: 0.01 }),
): MatchOutcome =>
  finish(
    rule.play(contenders, {
      epsilon,
      block: 5_010_000,
      incumbents: [],
      drawn: [],
      repetition: 1,
      random: () => new PythonRandom(1n),
    }),
  );

const margins = fc.double({ min: 0, max: 0.99, noNaN: true });

describe.each([
  ['mean-loss', meanLoss.bind({})],
  ['per-batch', perBatch.bind({})],
])('%s and a model with a margin', (_name, rule) => {
  it.each<[what: string, loss: number, margin: number | undefined, winner: number]>([
    ['beats an earlier one by epsilon, without one', 2.9, undefined, 2],
    ['has to beat it by both', 2.9, 0.05, 1],
    ['beats it by both', 2.7, 0.05, 2],
    ['below zero it has to as well', -3.1, 0.05, 1],
    ['and can', -3.3, 0.05, 2],
  ])('%s', (_what, loss, margin, winner) => {
    const earlier = contenderOf(1, 5_000_000, loss < 0 ? -3 : 3);
    expect(played(rule, [earlier, contenderOf(2, 5_000_100, loss, margin)]).winner).toBe(winner);
  });

  it('has its own advantage over later models, as everybody', () => {
    const marked = contenderOf(1, 5_000_000, 3, 0.5);
    expect(played(rule, [marked, contenderOf(2, 5_000_100, 2.99)]).winner).toBe(1);
    expect(played(rule, [marked, contenderOf(2, 5_000_100, 2.9)]).winner).toBe(2);
  });

  it('loses now where it would win once epsilon has decayed', () => {
    const decaying = { compute: () => 0.05, fullyDecayed: 0 };
    const winner = (margin?: number): number | null =>
      played(rule, [contenderOf(1, 5_000_000, 3), contenderOf(2, 5_000_100, 2.8, margin)], decaying).winner;
    expect([winner(), winner(0.03), winner(0.01)]).toEqual([2, 1, 2]);
  });

  it('does not play where it can win at no block, as everybody', () => {
    const earlier = contenderOf(1, 5_000_000, 3);
    const recorded = (margin?: number): number[] => [
      ...played(rule, [earlier, contenderOf(2, 5_000_100, 2.9, margin)]).records.keys(),
    ];
    expect([recorded(), recorded(0.05)]).toEqual([[1, 2], [1]]);
  });

  it('never does better for it, and nobody else does worse', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(fc.nat(9), blocks, losses), { selector: ([uid]) => uid, minLength: 2, maxLength: 6 }),
        margins,
        epsilons,
        (given, margin, epsilon) => {
          const contenders = given.map((one) => contenderOf(...one));
          const [first, ...others] = contenders;
          if (!first) return;
          const before = played(rule, contenders, epsilon);
          const after = played(rule, [{ ...first, margin }, ...others], epsilon);
          if (after.winner === first.uid) expect(before.winner).toBe(first.uid);
          if (after.records.size === before.records.size)
            for (const { uid } of others)
              expect(after.records.get(uid)?.wins ?? 0).toBeGreaterThanOrEqual(before.records.get(uid)?.wins ?? 0);
        },
      ),
    );
  });
});

describe('isWin of a model with a margin', () => {
  const claim = fc.record({ loss: losses, block: blocks, margin: margins });

  it('has one winner at most, and none among equals of one block', () => {
    fc.assert(
      fc.property(claim, claim, epsilons, now, (a, b, epsilon, at) => {
        expect(isWin(a, b, epsilon, at) && isWin(b, a, epsilon, at)).toBe(false);
        expect(isWin(a, { ...a, margin: 0 }, epsilon, at)).toBe(false);
      }),
    );
  });

  it('is what the matches of a round are counted by', () => {
    const all = fc.uniqueArray(fc.tuple(fc.nat(9), blocks, losses, margins), {
      ...{ selector: ([uid]: [number, number, number, number]) => uid, minLength: 2, maxLength: 6 },
    });
    const decaying = { compute: () => 0.1, fullyDecayed: 0 };
    fc.assert(
      fc.property(all, (given) => {
        const contenders = given.map((one) => contenderOf(...one));
        const { records } = played(meanLoss.bind({}), contenders, decaying);
        const rivals = contenders.filter(({ uid }) => records.has(uid));
        for (const one of rivals) {
          const claimed = ({ score, block, margin = 0 }: ScoredContender) => ({ loss: score, block, margin });
          const wins = rivals.filter(
            (other) => other !== one && isWin(claimed(one), claimed(other), decaying, 1),
          ).length;
          expect(records.get(one.uid)?.wins).toBe(wins);
        }
      }),
    );
  });
});
