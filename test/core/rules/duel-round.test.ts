import type { RuleChoice } from '@assay/core/contracts/rule';
import { EvaluationLoop } from '@assay/core/runtime/evaluation-loop';
import { RuleBook } from '@assay/core/rules/rule-book';
import { WeightSetting } from '@assay/core/runtime/weight-setting';
import { z } from 'zod';
import { beforeEach, describe, expect, it } from 'vitest';
import { replayed, wholeRound } from '../../recorded-round.js';
import { COMPETITION, newSubnet, type Subnet } from '../runtime/subnet.js';
import { challenge, claims } from './duel/claims.js';
import { kingChain } from './duel/king-chain.js';
import { pairedBootstrap } from './duel/paired-bootstrap.js';
import { queue } from './duel/queue.js';

/** Rules of a subnet that judges king against challenger: new files only, nothing of core knows them. */
const provides = { matchRules: [pairedBootstrap], standingRules: [kingChain], entrantsRules: [queue] };
const rule = (name: string, parameters: object = {}): RuleChoice => ({ rule: name, ...parameters });

let subnet: Subnet;
let loop: EvaluationLoop;

async function claim(uid: number, name: string, loss: number): Promise<void> {
  subnet.commit(uid, name, loss);
  subnet.network.advance(1);
  await subnet.deps.view.refresh(subnet.signal);
  await subnet.check.check(subnet.neuron(uid), subnet.network.head().number, false, subnet.signal);
}

const played = (): number[][] => subnet.told('round-finished').map(({ rows }) => rows.map(({ uid }) => uid));
const kings = (): unknown => subnet.deps.state.standing(1)?.state;
const blockOf = (uid: number): number =>
  subnet.deps.view.current.commitments.find(({ hotkey }) => hotkey === hotkeyOf(uid))?.block ?? -1;
const hotkeyOf = (uid: number): string => subnet.neuron(uid).hotkey;

beforeEach(async () => {
  const match = rule('test-bootstrap', { margin: 0.0015, alpha: 0.05, every: 10 });
  subnet = await newSubnet({
    provides,
    samples: 60,
    competitions: [{ ...COMPETITION, match, entrants: rule('test-queue') }],
    rules: [
      {
        fromBlock: 0,
        standing: rule('test-king-chain', { kings: 2 }),
        merge: [rule('by-share'), rule('burn', { to: 1, share: 0.25 })],
      },
    ],
  });
  loop = new EvaluationLoop({ hotkey: subnet.hotkey }, subnet.deps, subnet.check);
});

describe('a duel on the embedded network', () => {
  it('lets challengers come one by one, crowns whoever clears the margin, and sets the weights of the kings', async () => {
    await claim(3, 'first', 3);
    await claim(4, 'better', 2.9);
    await claim(5, 'hardly-better', 2.8995);
    await claim(6, 'best', 2.5);
    for (let round = 0; round < 6; round += 1) await loop.pass(subnet.signal);
    expect(played()).toEqual([[3], [3, 4], [4, 5], [4, 6]]);
    expect(kings()).toEqual({ kings: [hotkeyOf(6), hotkeyOf(4)] });
    const bounds = subnet
      .told('round-finished')
      .map(({ rows, columns }) => [
        columns.map(({ key }) => key),
        rows.find(({ values }) => 'bound' in values)?.values['bound'],
      ]);
    expect(bounds[2]).toEqual([['bound', 'samplesUsed', 'reign'], expect.any(Number)]);
    expect(Number(bounds[2]?.[1])).toBeLessThan(0.0015);
    expect(Number(bounds[3]?.[1])).toBeGreaterThan(0.0015);
    const options = { hotkey: subnet.hotkey, offline: false, dryRun: false, setWeights: true };
    expect(await new WeightSetting(options, subnet.deps).trySet(subnet.signal)).toBe(true);
    const shares = subnet.told('weights-set')[0]?.weights.map(({ uid, share }) => [uid, Number(share.toFixed(6))]);
    expect(shares).toEqual([
      [1, 0.25],
      [4, 0.375],
      [6, 0.375],
    ]);
  });

  it('stops a hopeless challenger early, and says after how many samples', async () => {
    await claim(3, 'king', 2);
    await claim(4, 'hopeless', 9);
    await loop.pass(subnet.signal);
    await loop.pass(subnet.signal);
    const row = subnet.told('round-finished')[1]?.rows.find(({ uid }) => uid === 4);
    expect(row?.values['samplesUsed']).toBe(10);
    expect(kings()).toEqual({ kings: [hotkeyOf(3)] });
  });

  it('gives each model and each hotkey one evaluation', async () => {
    await claim(3, 'king', 2);
    await claim(4, 'copy', 2);
    await loop.pass(subnet.signal);
    await loop.pass(subnet.signal);
    expect(played()).toEqual([[3]]);
    await claim(5, 'new', 1);
    await loop.pass(subnet.signal);
    expect(played()).toEqual([[3], [3, 5]]);
    await claim(5, 'second-try', 0.5);
    await loop.pass(subnet.signal);
    expect(played()).toEqual([[3], [3, 5]]);
  });

  it('replays every round from its record, by the rules that it names', async () => {
    await claim(3, 'king', 2);
    await claim(4, 'better', 1.9);
    await loop.pass(subnet.signal);
    await loop.pass(subnet.signal);
    const { journal } = subnet.deps.state;
    for (const number of [1, 2]) expect(replayed(journal, number, subnet.deps.rules).differences).toEqual([]);
    expect(() => replayed(journal, 1, new RuleBook())).toThrow(
      expect.objectContaining({ code: 'RULE_UNKNOWN', fault: 'config' }),
    );
    const newer = { ...kingChain, version: 2 };
    const book = new RuleBook([{ name: 'newer', provides: { ...provides, standingRules: [newer] } }]);
    expect(() => replayed(journal, 1, book)).toThrow(expect.objectContaining({ code: 'RULE_VERSION' }));
  });

  it('blocks the queue while a challenger can not be scored by fault of this machine', async () => {
    await claim(3, 'king', 2);
    await loop.pass(subnet.signal);
    await claim(4, 'unlucky', 1);
    await claim(5, 'next', 0.5);
    const fault = Object.assign(new Error('out of memory'), {
      [Symbol.for('assay.error')]: true,
      ...{ code: 'EVALUATOR_CRASHED', hint: 'wait', fault: 'validator', retry: 'next-round', payload: {} },
    });
    subnet.evaluator.during = (name) => (name === 'unlucky' ? Promise.reject(fault) : Promise.resolve());
    await loop.pass(subnet.signal);
    await loop.pass(subnet.signal);
    expect(played().slice(1)).toEqual([
      [3, 4],
      [3, 4],
    ]);
    expect(kings()).toEqual({ kings: [hotkeyOf(3)] });
    subnet.evaluator.during = () => Promise.resolve();
    await loop.pass(subnet.signal);
    expect(kings()).toEqual({ kings: [hotkeyOf(4), hotkeyOf(3)] });
  });
});

describe('choices with a date', () => {
  const averaging = rule('softmax-average', { temperature: 0.01, alpha: 0.5 });

  it('change the rules from their block on, and the state goes over where the rule continues it', async () => {
    subnet = await newSubnet({
      rules: [
        { fromBlock: 0, standing: averaging, merge: [rule('by-share')] },
        { fromBlock: 5050, standing: rule('winner-takes-all', { alpha: 0.5 }), merge: [rule('by-share')] },
      ],
    });
    loop = new EvaluationLoop({ hotkey: subnet.hotkey }, subnet.deps, subnet.check);
    await claim(3, 'one', 2);
    await loop.pass(subnet.signal);
    subnet.network.advance(100);
    await claim(4, 'two', 1);
    await loop.pass(subnet.signal);
    const { journal } = subnet.deps.state;
    expect([wholeRound(journal, 1), wholeRound(journal, 2)]).toMatchObject([
      { rules: { standing: { rule: 'softmax-average' } } },
      { rules: { standing: { rule: 'winner-takes-all' } }, verdict: { winner: { uid: 4 } } },
    ]);
    const rows = subnet.told('round-finished')[1]?.rows ?? [];
    expect(rows.map(({ uid, share }) => [uid, share])).toEqual([
      [3, 0.5],
      [4, 0.5],
    ]);
    for (const number of [1, 2]) expect(replayed(journal, number, subnet.deps.rules).differences).toEqual([]);
  });

  it('begin anew under a rule that can not read the state of the one before', async () => {
    subnet = await newSubnet({
      provides,
      rules: [
        { fromBlock: 0, standing: averaging, merge: [rule('by-share')] },
        { fromBlock: 5050, standing: rule('test-king-chain', { kings: 3 }), merge: [rule('by-share')] },
      ],
    });
    loop = new EvaluationLoop({ hotkey: subnet.hotkey }, subnet.deps, subnet.check);
    await claim(3, 'one', 2);
    await loop.pass(subnet.signal);
    subnet.network.advance(100);
    await claim(4, 'two', 1);
    // Until the new rule has judged, the old standing is what the weights come from.
    const options = { hotkey: subnet.hotkey, offline: false, dryRun: false, setWeights: true };
    expect(await new WeightSetting(options, subnet.deps).trySet(subnet.signal)).toBe(true);
    expect(subnet.told('weights-set')[0]?.weights.map(({ uid }) => uid)).toEqual([3]);
    await loop.pass(subnet.signal);
    expect(kings()).toEqual({ kings: [hotkeyOf(4)] });
  });
});

it('a version of a rule that can not read the state of the one before costs rounds and weights, and is named', async () => {
  await claim(3, 'king', 2);
  await loop.pass(subnet.signal);
  const newer = { ...kingChain.bind({ kings: 2 }), state: z.object({ dynasty: z.string() }) };
  const changed = { ...kingChain, version: 2, bind: () => newer as never };
  const rules = new RuleBook([{ name: 'newer', provides: { ...provides, standingRules: [changed] } }]);
  const deps = { ...subnet.deps, rules };
  const options = { hotkey: subnet.hotkey, offline: false, dryRun: false, setWeights: true };
  expect(await new WeightSetting(options, deps).trySet(subnet.signal)).toBe(false);
  expect(subnet.told('weights-failed').map(({ error }) => [error.code, error.fault])).toEqual([
    ['STATE_UNREADABLE', 'config'],
  ]);
});

describe('claims and seeds of a package', () => {
  const ruled = {
    provides: { ...provides, commitmentSchemes: [claims], seedRules: [challenge] },
    commitment: rule('test-v4'),
    rules: [
      {
        fromBlock: 0,
        standing: rule('test-king-chain', { kings: 2 }),
        seed: rule('test-challenge', { base: 3610 }),
        merge: [rule('by-share')],
      },
    ],
  };

  it('are read, drawn from and recorded: each challenger has a seed of its own', async () => {
    subnet = await newSubnet({ ...ruled, competitions: [{ ...COMPETITION, entrants: rule('test-queue') }] });
    loop = new EvaluationLoop({ hotkey: subnet.hotkey }, subnet.deps, subnet.check);
    await claim(3, 'king', 2);
    await claim(4, 'better', 1);
    await loop.pass(subnet.signal);
    await loop.pass(subnet.signal);
    const started = subnet.told('round-started');
    expect(started.map(({ contenders }) => contenders.map(({ repo }) => repo))).toEqual([
      ['miner/king'],
      ['miner/king', 'miner/better'],
    ]);
    expect(started.map(({ syncBlock }) => syncBlock)).toEqual([3, 4].map((uid) => blockOf(uid)));
    expect(new Set(started.map(({ seed }) => seed)).size).toBe(2);
    const { journal } = subnet.deps.state;
    expect([1, 2].map((number) => wholeRound(journal, number).rules.seed)).toMatchObject([
      { rule: 'test-challenge', version: 1, parameters: { base: 3610 } },
      { rule: 'test-challenge' },
    ]);
  });

  it('refuse what is no claim of the subnet, with a miner to blame', async () => {
    subnet = await newSubnet(ruled);
    subnet.network.setCommitment(3, 'miner:model:0123456789abcdef0123456789abcdef01234567:x:1');
    await subnet.deps.view.refresh(subnet.signal);
    await subnet.check.check(subnet.neuron(3), subnet.network.head().number, false, subnet.signal);
    expect(subnet.told('model-checked')[0]).toMatchObject({
      status: 'rejected',
      error: { code: 'COMMITMENT_MALFORMED', fault: 'miner' },
    });
  });

  it('that name no competition need exactly one in force, and cost no miner anything', async () => {
    subnet = await newSubnet({ ...ruled, competitions: [COMPETITION, { ...COMPETITION, id: 2, name: 'two' }] });
    await claim(3, 'king', 2);
    expect(subnet.told('model-checked')[0]).toMatchObject({
      status: 'postponed',
      error: { code: 'CLAIM_WITHOUT_COMPETITION', fault: 'config' },
    });
  });
});
