import type { MatchRule } from '@assay/core/contracts/match-rule';
import type { MergeRule } from '@assay/core/contracts/merge-rule';
import type { Rule } from '@assay/core/contracts/rule';
import type { EntrantsRule } from '@assay/core/contracts/entrants-rule';
import { EvaluationLoop } from '@assay/core/runtime/evaluation-loop';
import { WeightSetting } from '@assay/core/runtime/weight-setting';
import { pool } from '@assay/core/rules/entrants/pool';
import { meanLoss } from '@assay/core/rules/match/mean-loss';
import { byShare } from '@assay/core/rules/merge/by-share';
import { winnerTakesAll } from '@assay/core/rules/standing/winner-takes-all';
import { z } from 'zod';
import { describe, expect, it } from 'vitest';
import { replayed } from '../../recorded-round.js';
import { AVERAGING, COMPETITION, newSubnet, type Subnet } from '../runtime/subnet.js';

const ruleOf = <Bound>(bound: Bound): Rule<Bound, object> => ({
  name: 'odd',
  version: 1,
  summary: 'A rule of a test.',
  parameters: z.strictObject({}),
  examples: [{}],
  bind: () => bound,
});
const fail = (): never => {
  throw new TypeError('cannot read properties of undefined');
};
const match = meanLoss.bind({});
const standing = winnerTakesAll.bind({ alpha: 0 });
const entrants = pool.bind({ count: 5, threshold: 0.001 });
const merge = byShare.bind({ threshold: 0 });
const odd = { rule: 'odd' };
const [AVERAGE = { fromBlock: 0, standing: odd, merge: [odd] }] = AVERAGING;

/** Two miners with a model each, and a loop that judges them. */
async function subnetWith(change: Parameters<typeof newSubnet>[0]): Promise<{ subnet: Subnet; loop: EvaluationLoop }> {
  const subnet = await newSubnet(change);
  for (const [uid, loss] of [
    [3, 2],
    [4, 3],
  ] as const) {
    subnet.commit(uid, `m${uid}`, loss);
    await subnet.deps.view.refresh(subnet.signal);
    await subnet.check.check(subnet.neuron(uid), 5100, false, subnet.signal);
  }
  return { subnet, loop: new EvaluationLoop({ hotkey: subnet.hotkey }, subnet.deps, subnet.check) };
}

describe('a match rule', () => {
  it.each<[what: string, rule: MatchRule, reason: string]>([
    ['throws', { ...match, play: fail }, 'cannot read properties'],
    [
      'names somebody who did not play',
      {
        ...match,
        *play(contenders, context) {
          return { ...(yield* match.play(contenders, context)), winner: 6 };
        },
      },
      'uid 6',
    ],
    [
      'counts in NaN',
      {
        ...match,
        *play(contenders) {
          yield;
          return {
            records: new Map([[contenders[0]?.uid ?? 0, { wins: 0, matches: 0, winRate: 0 / 0 }]]),
            winner: null,
          };
        },
      },
      'it counts',
    ],
  ])('that %s makes the round void, on record and replayed', async (_what, rule, reason) => {
    const provides = { matchRules: [ruleOf(rule)] };
    const { subnet, loop } = await subnetWith({ provides, competitions: [{ ...COMPETITION, match: odd }] });
    await loop.pass(subnet.signal);
    const [round] = subnet.told('round-finished');
    expect(round?.void).toMatchObject({ code: 'RULE_FAILED', fault: 'config', payload: { rule: 'odd' } });
    expect(round?.void?.message).toContain(reason);
    expect(subnet.deps.state.standing(1)).toBeUndefined();
    expect(replayed(subnet.deps.state.journal, 1, subnet.deps.rules).differences).toEqual([]);
  });
});

describe('a standing or entrants rule', () => {
  it.each<[what: string, change: Parameters<typeof newSubnet>[0], reason: string]>([
    ['throws', { provides: { standingRules: [ruleOf({ ...standing, next: fail })] } }, 'cannot read properties'],
    [
      'hands out more than everything',
      { provides: { standingRules: [ruleOf({ ...standing, shares: (_state, seats) => seats.map(() => 1.5) })] } },
      'its shares sum to',
    ],
    [
      'hands out less than nothing',
      { provides: { standingRules: [ruleOf({ ...standing, shares: () => [-0.1] })] } },
      'uid 0 a share of -0.1',
    ],
  ])('that %s costs the round and nothing else', async (_what, change, reason) => {
    const { subnet, loop } = await subnetWith({ ...change, rules: [{ ...AVERAGE, standing: odd }] });
    await loop.pass(subnet.signal);
    const [skipped] = subnet.told('round-skipped');
    expect(skipped?.error).toMatchObject({ code: 'RULE_FAILED', fault: 'config' });
    expect(skipped?.error.message).toContain(reason);
    expect(subnet.deps.state.contenders(1).pending).toHaveLength(2);
  });

  it('that can not select costs the round and nothing else', async () => {
    const rule: EntrantsRule<null> = { ...entrants, select: fail };
    const change = { provides: { entrantsRules: [ruleOf(rule)] }, competitions: [{ ...COMPETITION, entrants: odd }] };
    const { subnet, loop } = await subnetWith(change);
    await loop.pass(subnet.signal);
    expect(subnet.told('round-finished')).toEqual([]);
    expect(subnet.deps.state.contenders(1).pending).toHaveLength(2);
  });
});

describe('a merge rule', () => {
  it.each<[what: string, rule: MergeRule, code: string]>([
    ['throws', { ...merge, apply: fail }, 'RULE_FAILED'],
    ['gives a weight below nothing', { ...merge, apply: (weights) => weights.map(() => -1) }, 'WEIGHT_NOT_FINITE'],
    [
      'gives a weight that is no number',
      { ...merge, apply: (weights) => weights.map(() => Number.NaN) },
      'WEIGHT_NOT_FINITE',
    ],
  ])('that %s leaves the old weights, and says so', async (_what, rule, code) => {
    const provides = { mergeRules: [ruleOf(rule)] };
    const { subnet, loop } = await subnetWith({ provides, rules: [{ ...AVERAGE, merge: [odd] }] });
    await loop.pass(subnet.signal);
    const options = { hotkey: subnet.hotkey, offline: false, dryRun: false, setWeights: true };
    expect(await new WeightSetting(options, subnet.deps).trySet(subnet.signal)).toBe(false);
    expect(subnet.told('weights-failed').map(({ error }) => error.code)).toEqual([code]);
  });

  it('that burns to nobody leaves the old weights, and says so', async () => {
    const burn = [{ rule: 'by-share' }, { rule: 'burn', to: 15 }];
    const { subnet, loop } = await subnetWith({ rules: [{ ...AVERAGE, merge: burn }] });
    await loop.pass(subnet.signal);
    const options = { hotkey: subnet.hotkey, offline: false, dryRun: false, setWeights: true };
    expect(await new WeightSetting(options, subnet.deps).trySet(subnet.signal)).toBe(false);
    expect(subnet.told('weights-failed').map(({ error }) => error.code)).toEqual(['BURN_TARGET_MISSING']);
  });
});
