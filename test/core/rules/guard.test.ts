import { describe, expect, it } from 'vitest';
import { finiteScore, type FiniteScore } from '@assay/core/contracts/brands';
import type { MatchOutcome, MatchRule, MatchRecord } from '@assay/core/contracts/match-rule';
import type { Rule } from '@assay/core/contracts/rule';
import { mergeStandings } from '@assay/core/judging/merge';
import type { Steps } from '@assay/core/judging/steps';
import { judgeRound, type RoundVerdict } from '@assay/core/judging/verdict';
import type { RoundInput } from '@assay/core/judging/round-input';
import { pool } from '@assay/core/rules/entrants/pool';
import { fixed } from '@assay/core/rules/epsilon/fixed';
import { meanLoss } from '@assay/core/rules/match/mean-loss';
import { winnerTakesAll } from '@assay/core/rules/standing/winner-takes-all';
import { RuleBook } from '@assay/core/rules/rule-book';
import type { RuleProvisions } from '@assay/core/rules/built-in';
import { z } from 'zod';

const BROKEN = { rule: 'broken' };

function ruleOf<Bound>(bound: Bound): Rule<Bound, object> {
  return {
    ...{ name: 'broken', version: 1, summary: 'A rule of a test.', examples: [{}] },
    parameters: z.strictObject({}),
    bind: () => bound,
  };
}

function scoreOf(value: number): FiniteScore {
  const score = finiteScore(value);
  if (score === undefined) throw new Error(`${value} is no score`);
  return score;
}

const seats = ['zero', 'one', 'two'].map((hotkey, uid) => ({ uid, hotkey }));
const round: RoundInput = {
  contenders: seats.map((seat, index) => ({
    ...seat,
    block: 10 + index,
    digest: seat.hotkey,
    reference: { namespace: 'miner', name: seat.hotkey, revision: '0'.repeat(40) },
    outcome: {
      status: 'scored',
      score: scoreOf(3 - index),
      tasks: [{ name: 'text', weight: 1, losses: [3 - index, 3 - index] }],
    },
  })),
  ...{ seats, standingBefore: null, entrantsBefore: null, block: 100, seed: 1n, drawn: [{ task: 'text', samples: 2 }] },
};

function verdictWith(provides: RuleProvisions): RoundVerdict {
  const book = new RuleBook([{ name: 'harbour', provides }]);
  return judgeRound(round, {
    epsilon: book.bind('epsilons', provides.epsilons ? BROKEN : { rule: 'fixed', epsilon: 0.01 }).rule,
    match: book.bind('matchRules', provides.matchRules ? BROKEN : { rule: 'mean-loss' }).rule,
    standing: book.bind('standingRules', provides.standingRules ? BROKEN : { rule: 'winner-takes-all' }),
    entrants: book.bind('entrantsRules', provides.entrantsRules ? BROKEN : { rule: 'pool', count: 5, threshold: 0.1 }),
    keepThreshold: 0.001,
  });
}

const match = meanLoss.bind({});
const matchThat = (change: (outcome: MatchOutcome) => MatchOutcome): RuleProvisions => ({
  matchRules: [
    ruleOf<MatchRule>({
      ...match,
      *play(contenders, context): Steps<MatchOutcome> {
        return change(yield* match.play(contenders, context));
      },
    }),
  ],
});
const recordsThat = (change: Partial<MatchRecord>): RuleProvisions =>
  matchThat(({ records, winner }) => ({
    winner,
    records: new Map([...records].map(([uid, record]) => [uid, { ...record, ...change }])),
  }));
const standing = winnerTakesAll.bind({ alpha: 0 });
const standingThat = (change: object): RuleProvisions => ({ standingRules: [ruleOf({ ...standing, ...change })] });
const oops = (): never => {
  throw new TypeError('oops');
};

describe('a rule that does not keep to its contract', () => {
  it.each<[what: string, provides: RuleProvisions, reason: string]>([
    ['a match rule that throws', matchThat(oops), 'it throws an error without a code: oops'],
    ['a win rate that is no number', recordsThat({ winRate: NaN }), 'has a win rate of NaN'],
    ['more wins than matches', recordsThat({ wins: 9, matches: 1 }), 'has 9 wins in 1 matches'],
    ['a value that is no number', recordsThat({ values: { ahead: NaN } }), "can't be recorded"],
    ['a winner that did not play', matchThat(({ records }) => ({ records, winner: 7 })), 'names uid 7 as the winner'],
    ['shares above everything', standingThat({ shares: () => [0.5, 0.5, 0.5] }), 'its shares sum to 1.5'],
    ['a share below nothing', standingThat({ shares: () => [0, -0.1, 0] }), 'uid 1 gets a share of -0.1'],
    ['a share that is no number', standingThat({ shares: () => [NaN] }), 'uid 0 gets a share of NaN'],
    [
      'defenders that are none',
      standingThat({ first: {}, defenders: () => [{ hotkey: 'zero', block: -1 }] }),
      'its defenders are not a list of hotkey, block and reference',
    ],
    [
      'two defenders of one hotkey',
      standingThat({
        first: {},
        defenders: () => round.contenders.map(({ reference }) => ({ hotkey: 'zero', block: 1, reference })),
      }),
      'it names zero twice among its defenders',
    ],
    ['a standing rule that throws', standingThat({ next: oops }), 'it throws an error without a code: oops'],
    [
      'a state that the journal cannot hold',
      standingThat({ next: () => ({ state: { best: NaN }, values: new Map() }) }),
      'its state is not plain JSON',
    ],
    [
      'an entrants rule that throws',
      { entrantsRules: [ruleOf({ ...pool.bind({ count: 5, threshold: 0.1 }), next: oops })] },
      'it throws an error without a code: oops',
    ],
  ])('voids the round: %s', (_what, provides, reason) => {
    const verdict = verdictWith(provides);
    expect(verdict.void).toMatchObject({
      code: 'RULE_BROKEN',
      fault: 'validator',
      payload: { rule: 'broken', plugin: 'harbour' },
    });
    expect(verdict.void?.message).toContain(reason);
    expect([verdict.winner, verdict.standing, verdict.shares]).toEqual([null, null, []]);
  });

  it.each([0, -1, 2.5, NaN])('refuses parts of %s samples when the rule is bound', (every) => {
    const provides = { matchRules: [ruleOf<MatchRule>({ ...match, earlyStop: { every, stops: () => false } })] };
    expect(() => verdictWith(provides)).toThrow(`its early stop has parts of ${every} samples`);
  });

  it('leaves a round of rules that keep to theirs as it is', () => {
    expect(verdictWith(recordsThat({})).winner?.uid).toBe(2);
    expect(verdictWith(standingThat({})).shares).toEqual([0, 0, 1]);
  });

  it.each([1, 1.2, -0.1, NaN])('refuses an epsilon of %s', (epsilon) => {
    const provides = { epsilons: [ruleOf({ ...fixed.bind({ epsilon: 0 }), compute: () => epsilon })] };
    expect(() => verdictWith(provides)).toThrow(`does not keep to its contract: epsilon is ${epsilon}`);
  });

  it.each<[what: string, apply: (weights: readonly number[]) => number[], reason: string]>([
    ['throws', oops, 'it throws an error without a code: oops'],
    ['gives a weight below nothing', (weights) => weights.map(() => -1), 'uid 0 gets a weight of -1'],
    ['gives a weight that is no number', (weights) => weights.map(() => NaN), 'uid 0 gets a weight of NaN'],
    ['loses a uid', (weights) => weights.slice(1), 'it returns 2 weights for 3 uids'],
  ])('refuses a merge rule that %s', (_what, apply, reason) => {
    const book = new RuleBook([
      { name: 'harbour', provides: { mergeRules: [ruleOf({ takesTheRest: false, apply })] } },
    ]);
    const input = {
      standings: new Map([[1, [0.5, 0.5, 0]]]),
      schedule: [{ id: 1, share: 1 }],
      seats,
      ownerHotkey: null,
    };
    expect(() => mergeStandings(input, [book.bind('mergeRules', BROKEN).rule])).toThrow(reason);
  });
});
