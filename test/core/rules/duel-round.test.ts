import duel from '@assay/competition-duel';
import { kingChain } from '@assay/competition-duel/dist/standing/king-chain.js';
import type { RuleChoice } from '@assay/core/contracts/rule';
import { takeAllIn } from '@assay/core/runtime/intake/take-in';
import { EvaluationLoop } from '@assay/core/runtime/evaluation-loop';
import { RuleBook } from '@assay/core/rules/rule-book';
import { WeightSetting } from '@assay/core/runtime/weight-setting';
import { z } from 'zod';
import { describe, expect, it } from 'vitest';
import { replayed, wholeRound } from '../../recorded-round.js';
import { newDuel, type DuelScene } from '../runtime/duel-scene.js';
import { COMPETITION, newSubnet, type Subnet } from '../runtime/subnet.js';

const rule = (name: string, parameters: object = {}): RuleChoice => ({ rule: name, ...parameters });
const provides = duel.provides;
const options = ({ hotkey }: Subnet) => ({ hotkey, offline: false, dryRun: false, setWeights: true });

const hotkeyOf = (subnet: Subnet, uid: number): string => subnet.neuron(uid).hotkey;
const played = (subnet: Subnet): number[][] =>
  subnet.told('round-finished').map(({ rows }) => rows.map(({ uid }) => uid));
/** Hotkeys of the kings, the newest first. */
const kings = ({ deps }: Subnet): unknown[] => {
  const { reigns } = z
    .object({ reigns: z.array(z.object({ hotkey: z.string() })) })
    .parse(deps.state.standing(1)?.state);
  return reigns.map(({ hotkey }) => hotkey);
};

async function turns(scene: DuelScene, count: number): Promise<void> {
  for (let round = 0; round < count; round += 1) await scene.turn();
}

describe('a duel on the embedded network', () => {
  it('lets challengers come one by one, crowns who clears the margin, and sets the weights of the kings', async () => {
    const scene = await newDuel({ match: { margin: 0.0015, alpha: 0.01, resamples: 200 } });
    const { subnet } = scene;
    await scene.claim(3, 'first', 3);
    await scene.claim(4, 'better', 2.9);
    await scene.claim(5, 'hardly-better', 2.8995);
    await scene.claim(6, 'best', 2.5);
    await turns(scene, 5);
    expect(played(subnet)).toEqual([[3], [3, 4], [4, 5], [4, 6]]);
    expect(kings(subnet)).toEqual([6, 4].map((uid) => hotkeyOf(subnet, uid)));
    const values = subnet.told('round-finished').map(({ rows }) => rows.at(-1)?.values);
    expect(values.slice(1)).toMatchObject([
      { verdict: 'won', sequences: 60, drawn: 60, reign: 1 },
      { verdict: 'lost', reign: null },
      { verdict: 'won', reign: 1 },
    ]);
    expect(Number(values[2]?.['bound'])).toBeLessThan(0.0015);
    expect(await new WeightSetting(options(subnet), subnet.deps).trySet(subnet.signal)).toBe(true);
    const shares = subnet.told('weights-set')[0]?.weights.map(({ uid, share }) => [uid, Number(share.toFixed(6))]);
    expect(shares).toEqual([
      [4, 0.5],
      [6, 0.5],
    ]);
  });

  it('replays every round from its record, by the rules that it names', async () => {
    const scene = await newDuel();
    const { subnet } = scene;
    await scene.claim(3, 'king', 2);
    await scene.claim(4, 'better', 1.9);
    await scene.claim(5, 'hopeless', 9);
    await turns(scene, 3);
    const { journal } = subnet.deps.state;
    for (const number of [1, 2, 3]) expect(replayed(journal, number, subnet.deps.rules).differences).toEqual([]);
    expect(() => replayed(journal, 1, new RuleBook())).toThrow(
      expect.objectContaining({ code: 'RULE_UNKNOWN', fault: 'config' }),
    );
    const newer = { ...kingChain, version: 2 };
    const book = new RuleBook([{ name: 'newer', provides: { ...provides, standingRules: [newer] } }]);
    expect(() => replayed(journal, 1, book)).toThrow(expect.objectContaining({ code: 'RULE_VERSION' }));
  });
});

describe('choices with a date', () => {
  const averaging = rule('softmax-average', { temperature: 0.01, alpha: 0.5 });

  /** A subnet that changes its standing rule, with a model of each rule. */
  async function changing(standing: RuleChoice): Promise<{ subnet: Subnet; pass: () => Promise<void> }> {
    const subnet = await newSubnet({
      provides,
      rules: [
        { fromBlock: 0, standing: averaging, merge: [rule('by-share')] },
        { fromBlock: 5050, standing, merge: [rule('by-share')] },
      ],
    });
    const loop = new EvaluationLoop({ hotkey: subnet.hotkey }, subnet.deps, subnet.check);
    await claimPlainly(subnet, 3, 'one', 2);
    await loop.pass(subnet.signal);
    subnet.network.advance(100);
    await claimPlainly(subnet, 4, 'two', 1);
    return { subnet, pass: () => loop.pass(subnet.signal) };
  }

  it('change the rules from their block on, and the state goes over where the rule continues it', async () => {
    const { subnet, pass } = await changing(rule('winner-takes-all', { alpha: 0.5 }));
    await pass();
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
    const { subnet, pass } = await changing(rule('king-chain', { kings: 3 }));
    // Until the new rule has judged, the old standing is what the weights come from.
    expect(await new WeightSetting(options(subnet), subnet.deps).trySet(subnet.signal)).toBe(true);
    expect(subnet.told('weights-set')[0]?.weights.map(({ uid }) => uid)).toEqual([3]);
    await pass();
    expect(kings(subnet)).toEqual([hotkeyOf(subnet, 4)]);
  });
});

async function claimPlainly(subnet: Subnet, uid: number, name: string, loss: number): Promise<void> {
  subnet.commit(uid, name, loss);
  subnet.network.advance(1);
  await subnet.deps.view.refresh(subnet.signal);
  await subnet.check.check(subnet.neuron(uid), subnet.network.head().number, false, subnet.signal);
}

it('a version of a rule that can not read the state of the one before costs rounds and weights, and is named', async () => {
  const scene = await newDuel();
  const { subnet } = scene;
  await scene.claim(3, 'king', 2);
  await turns(scene, 1);
  const newer = {
    ...kingChain.bind(kingChain.parameters.parse({ kings: 2 })),
    state: z.object({ dynasty: z.string() }),
  };
  const changed = { ...kingChain, version: 2, bind: () => newer as never };
  const rules = new RuleBook([{ name: 'newer', provides: { ...provides, standingRules: [changed] } }]);
  const deps = { ...subnet.deps, rules };
  expect(await new WeightSetting(options(subnet), deps).trySet(subnet.signal)).toBe(false);
  expect(subnet.told('weights-failed').map(({ error }) => [error.code, error.fault])).toEqual([
    ['STATE_UNREADABLE', 'config'],
  ]);
});

describe('claims and seeds of a package', () => {
  const ruled = {
    provides,
    commitment: rule('duel'),
    rules: [
      {
        fromBlock: 0,
        standing: rule('king-chain', { kings: 2 }),
        seed: rule('challenge'),
        merge: [rule('by-share')],
      },
    ],
  };
  const queued = { ...COMPETITION, entrants: rule('queue') };

  /** Reveals a text, or the claim of a model that is published. */
  async function reveal(subnet: Subnet, uid: number, text: string): Promise<void> {
    subnet.network.setTimelocked(uid, text, subnet.network.head().number + 1);
    subnet.network.advance(1);
    await subnet.deps.view.refresh(subnet.signal);
    await takeAllIn(subnet.deps, subnet.deps.view.current);
    await subnet.check.check(subnet.neuron(uid), subnet.network.head().number, false, subnet.signal);
  }
  const claimTo = (subnet: Subnet, uid: number, name: string, loss: number): string => {
    const { namespace, revision } = subnet.publish(name, loss);
    return `v4|${namespace}/${name}|hf:${revision}|${hotkeyOf(subnet, uid)}`;
  };

  it('are read, drawn from and recorded: each challenger has a seed of its own', async () => {
    const subnet = await newSubnet({ ...ruled, competitions: [queued] });
    const loop = new EvaluationLoop({ hotkey: subnet.hotkey }, subnet.deps, subnet.check);
    await reveal(subnet, 3, claimTo(subnet, 3, 'king', 2));
    await loop.pass(subnet.signal);
    await reveal(subnet, 4, claimTo(subnet, 4, 'better', 1));
    await loop.pass(subnet.signal);
    const started = subnet.told('round-started');
    expect(started.map(({ contenders }) => contenders.map(({ repo }) => repo))).toEqual([
      ['miner/king'],
      ['miner/king', 'miner/better'],
    ]);
    const blockOf = (uid: number): number | undefined =>
      subnet.deps.view.current.revealed.find(({ hotkey }) => hotkey === hotkeyOf(subnet, uid))?.block;
    expect(started.map(({ syncBlock }) => syncBlock)).toEqual([3, 4].map(blockOf));
    expect(new Set(started.map(({ seed }) => seed)).size).toBe(2);
    const { journal } = subnet.deps.state;
    expect([1, 2].map((number) => wholeRound(journal, number).rules.seed)).toMatchObject([
      { rule: 'challenge', version: 1, parameters: { base: 3610 } },
      { rule: 'challenge' },
    ]);
  });

  it('refuse what is no claim of the subnet, with a miner to blame', async () => {
    const subnet = await newSubnet(ruled);
    await reveal(subnet, 3, 'miner:model:0123456789abcdef0123456789abcdef01234567:x:1');
    expect(subnet.told('model-checked')[0]).toMatchObject({
      status: 'rejected',
      error: { code: 'DUEL_CLAIM_MALFORMED', fault: 'miner' },
    });
  });

  it('that name no competition need exactly one in force, and cost no miner anything', async () => {
    const subnet = await newSubnet({ ...ruled, competitions: [COMPETITION, { ...COMPETITION, id: 2, name: 'two' }] });
    await reveal(subnet, 3, claimTo(subnet, 3, 'king', 2));
    expect(subnet.told('model-checked')[0]).toMatchObject({
      status: 'postponed',
      error: { code: 'CLAIM_WITHOUT_COMPETITION', fault: 'config' },
    });
  });
});
