import { setTimeout as delay } from 'node:timers/promises';
import { makeImplementation, type MakingSurroundings } from '@assay/core/composition/make';
import type { Evaluator } from '@assay/core/contracts/evaluator';
import { AssayError } from '@assay/core/errors/assay-error';
import { checkPlugin } from '@assay/core/plugin/check';
import type { Choice } from '@assay/core/plugin/choice';
import { definePlugin, type Plugin } from '@assay/core/plugin/plugin';
import { PluginRegistry } from '@assay/core/plugin/registry';
import pool from '@assay/plugin-pool';
import { Disposers } from '@assay/core/runtime/disposers';
import { EvaluationLoop } from '@assay/core/runtime/evaluation-loop';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { replayed, wholeRound } from '../../recorded-round.js';
import { canaryIn } from './canary.js';
import { ClaimedLoss, newSubnet, type Subnet } from './subnet.js';

const crash = (exit: string): AssayError =>
  new AssayError({
    code: 'EVALUATOR_CRASHED',
    message: exit,
    hint: '',
    fault: 'validator',
    retry: 'next-round',
    payload: { exit },
  });

const DIES = 'signal SIGSEGV';

/** One member, and what it has been asked for. */
interface Member {
  name: string;
  evaluator: ClaimedLoss;
}

interface World {
  subnet: Subnet;
  members: Member[];
  loop: EvaluationLoop;
  disposers: Disposers;
  /** Most evaluations that were under way at a time. */
  most: () => number;
}

/** What members do in the middle of an evaluation. */
type During = (member: string, model: string, asked: readonly string[]) => Promise<void>;

/** A subnet whose evaluator is the choice, of a plugin `member` and a plugin `pool` that is made of members. */
async function worldOf(choice: Choice, during: During = () => Promise.resolve()): Promise<World> {
  const subnet = await newSubnet();
  const canary = canaryIn(subnet.folder);
  const members: Member[] = [];
  let [now, most] = [0, 0];
  const memberOptions = z.strictObject({ name: z.string() });
  const member: Plugin = definePlugin({
    apiVersion: 1,
    name: 'member',
    provides: {
      evaluator: {
        options: memberOptions,
        create: async ({ name }: z.infer<typeof memberOptions>) => {
          const evaluator = new ClaimedLoss();
          evaluator.canary = () => Promise.resolve(canary);
          evaluator.during = async (model) => {
            most = Math.max(most, (now += 1));
            try {
              // The later ones of a round are the faster ones.
              await delay(model === 'three' ? 40 : 5);
              await during(name, model, evaluator.evaluated);
            } finally {
              now -= 1;
            }
          };
          members.push({ name, evaluator });
          return evaluator;
        },
      },
    },
  });
  const { clock, log } = subnet.deps;
  const surroundings: MakingSurroundings = {
    ...{ clock, log, environment: {}, mode: 'validate', resolvePath: (path) => path },
    registry: new PluginRegistry([member, pool].map((plugin) => checkPlugin(plugin.name, plugin))),
    profile: subnet.deps.profile,
    config: { readOnly: false },
  };
  const disposers = new Disposers(log);
  const place = { dataDir: subnet.folder, outer: [], disposers };
  const made = await makeImplementation('evaluator', choice, place, surroundings, subnet.signal);
  const deps = { ...subnet.deps, evaluator: made as Evaluator };
  for (const [uid, name, loss] of [
    [3, 'three', 2],
    [4, 'four', 3],
    [5, 'five', 4],
    [6, 'six', 5],
  ] as const)
    subnet.commit(uid, name, loss);
  await deps.view.refresh(subnet.signal);
  for (const uid of [3, 4, 5, 6])
    await subnet.check.check(subnet.neuron(uid), subnet.network.head().number, false, subnet.signal);
  const loop = new EvaluationLoop({ hotkey: subnet.hotkey }, deps, subnet.check);
  return { subnet, members, loop, disposers, most: () => most };
}

const ONE: Choice = { use: 'member', name: 'a' };
const TWO: Choice = { use: 'pool', of: [ONE, { use: 'member', name: 'b' }] };

/** The round as it was recorded, but for when. */
const recorded = ({ subnet }: World): unknown => ({
  ...wholeRound(subnet.deps.state.journal, 1),
  recordedAt: undefined,
});

/** Who was settled in which order, and with what. */
const settled = ({ subnet }: World): unknown[] =>
  subnet.told('evaluation-finished').map(({ uid, score, error }) => [uid, score, error?.code ?? null]);

describe('a pool of two evaluators', () => {
  it('plays the round that one evaluator plays, two models at a time', async () => {
    const [one, two] = [await worldOf(ONE), await worldOf(TWO)];
    for (const { loop, subnet } of [one, two]) await loop.pass(subnet.signal);
    expect([one.most(), two.most()]).toEqual([1, 2]);
    expect(recorded(two)).toEqual(recorded(one));
    expect(settled(two)).toEqual(settled(one));
    expect(settled(two)).toEqual([3, 4, 5, 6].map((uid) => [uid, uid - 1, null]));
    expect(replayed(two.subnet.deps.state.journal, 1, two.subnet.deps.rules)).toMatchObject({ agrees: true });
  });

  it('scores a canary in each member before the first model', async () => {
    const { loop, members, subnet } = await worldOf(TWO);
    await loop.pass(subnet.signal);
    for (const { evaluator } of members) expect(evaluator.evaluated[0]).toBe('canary');
  });

  it('of which one dies blames nobody, and plays the same round', async () => {
    const one = await worldOf(ONE);
    const dies: During = (member, model) =>
      member === 'b' && model !== 'canary' ? Promise.reject(crash(DIES)) : Promise.resolve();
    const two = await worldOf(TWO, dies);
    for (const { loop, subnet } of [one, two]) await loop.pass(subnet.signal);
    // Which model it gets depends on whose files have been verified first.
    expect(two.members[1]?.evaluator.evaluated).toEqual(['canary', expect.stringMatching(/^(three|four|five|six)$/)]);
    expect(recorded(two)).toEqual(recorded(one));
    expect(settled(two).sort()).toEqual(settled(one).sort());
  });

  it('blames a model that ends every member, by the control that one evaluator would have', async () => {
    const breaks: During = (_member, model) =>
      model === 'four' ? Promise.reject(crash('signal SIGABRT')) : Promise.resolve();
    const [one, two] = [await worldOf(ONE, breaks), await worldOf(TWO, breaks)];
    for (const { loop, subnet } of [one, two]) await loop.pass(subnet.signal);
    expect(settled(one)).toEqual([
      [3, 2, null],
      [4, null, 'MODEL_BREAKS_EVALUATOR'],
      [5, 4, null],
      [6, 5, null],
    ]);
    expect(recorded(two)).toEqual(recorded(one));
    expect(settled(two)).toEqual(settled(one));
  });

  it('has the second try, its canary and its control computed by one member, with nothing beside them', async () => {
    const asked: string[] = [];
    let under = 0;
    const two = await worldOf(TWO, async (member, model) => {
      under += 1;
      asked.push(`${member} ${model} ${under}`);
      // `four` fails after `three` has ended and while `five` is under way.
      await delay({ four: 60, five: 120 }[model] ?? 5);
      under -= 1;
      if (model === 'four') throw crash('signal SIGABRT');
    });
    await two.loop.pass(two.subnet.signal);
    const second = asked.lastIndexOf('a four 1');
    expect(asked.slice(second - 2, second + 1)).toEqual(['a canary 1', 'a three 1', 'a four 1']);
  });

  it('whose member is sick scores nobody, and leaves nothing under way', async () => {
    const sick: During = (member, model) =>
      member === 'b' && model === 'canary'
        ? Promise.reject(new AssayError({ ...crash('x').toReport(), code: 'NON_FINITE_LOSS' }))
        : Promise.resolve();
    const { loop, subnet, members } = await worldOf(TWO, sick);
    await loop.pass(subnet.signal);
    expect(subnet.told('round-skipped')[0]?.error).toMatchObject({ code: 'EVALUATOR_SICK' });
    expect(members.flatMap(({ evaluator }) => evaluator.evaluated)).toEqual(['canary', 'canary']);
  });
});
