import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EntryCheck } from '@assay/core/contracts/entry-check';
import type { ModelInspector, SampledTensor } from '@assay/core/contracts/evaluator';
import type { UsedTensor } from '@assay/core/contracts/model';
import type { RoundRow } from '@assay/core/contracts/reporter';
import type { Rule, RuleChoice } from '@assay/core/contracts/rule';
import { storeErrors } from '@assay/core/model/errors';
import { RuleBook } from '@assay/core/rules/rule-book';
import { EvaluationLoop } from '@assay/core/runtime/evaluation-loop';
import { MetagraphSync } from '@assay/core/runtime/metagraph-sync';
import { roundOf } from '@assay/core/runtime/recorded-rounds';
import { replayEntry } from '@assay/core/runtime/round/entry';
import { judgedRows } from '@assay/core/runtime/round/tell';
import { asJson, put } from '@assay/core/runtime/derived-rows';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { replayed, wholeRound } from '../../recorded-round.js';
import { COMPETITION, newSubnet, type Subnet } from './subnet.js';

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** What a model of a loss is made of: its tensors by content, and how far its values are from those of the others. */
const MODELS: Readonly<Record<string, { tensors: string[]; noise?: number }>> = {
  '2': { tensors: ['a', 'b', 'c', 'd'] },
  '1.9': { tensors: ['a', 'b', 'c', 'x'], noise: 0.5 },
  '1.5': { tensors: ['e', 'f', 'g', 'h'], noise: 0.001 },
  '1.7': { tensors: ['i', 'k', 'l', 'm'], noise: 0.8 },
};
const VALUES = Array.from({ length: 64 }, (_none, index) => Math.sin(index + 1));

/** Lists and samples tensors of the models above. */
class TensorInspector implements ModelInspector {
  inspections = 0;
  samples: { text: string; seed: string }[] = [];
  lists = true;
  /** Losses of models whose files can't be read. */
  unreadable = new Set<string>();
  /** What happens while a model is sampled. */
  during: (directory: string, text: string) => void = () => undefined;

  constructor(private readonly real: ModelInspector) {}

  async inspect(directory: string, signal: AbortSignal): ReturnType<ModelInspector['inspect']> {
    this.inspections += 1;
    const facts = await this.real.inspect(directory, signal);
    const tensors = MODELS[this.#text(directory)]?.tensors.map((content): UsedTensor => ({
      ...{ name: content, dtype: 'F32', shape: [8, 8], digest: digestOf(content) },
    }));
    return { ...facts, ...(this.lists && tensors ? { tensors } : {}) };
  }

  sample(directory: string, seed: string): Promise<readonly SampledTensor[]> {
    const text = this.#text(directory);
    if (this.unreadable.has(text)) return Promise.reject(storeErrors.STORE_FAILED({ directory, reason: 'a bad disk' }));
    this.samples.push({ text, seed });
    this.during(directory, text);
    const { noise = 0, tensors = [] } = MODELS[text] ?? {};
    return Promise.resolve(
      tensors.map((_content, at) => ({
        ...{ name: `layer ${at}`, shape: [8, 8] },
        values: Float32Array.from(VALUES, (value, index) => value + noise * Math.cos(7 * index)),
      })),
    );
  }

  close(): Promise<void> {
    return this.real.close();
  }

  #text(directory: string): string {
    return readFileSync(join(directory, 'model.safetensors'), 'utf8');
  }
}

interface World extends Subnet {
  inspector: TensorInspector;
  /** One round of the competition. @returns its table by uid */
  round(): Promise<Map<number, RoundRow>>;
  look(...uids: number[]): Promise<void>;
}

/** A subnet in which uid 3 has claimed the model of loss 2, with the given entry checks. */
async function newWorld(entryChecks?: RuleChoice[], provided: Rule<EntryCheck, object>[] = []): Promise<World> {
  const found: { inspector?: TensorInspector } = {};
  const subnet = await newSubnet({
    competitions: [{ ...COMPETITION, ...(entryChecks ? { entryChecks } : {}) }],
    inspector: (real) => (found.inspector = new TensorInspector(real)),
    provides: { entryChecks: provided },
  });
  if (!found.inspector) throw new Error('no inspector was made');
  const loop = new EvaluationLoop({ hotkey: subnet.hotkey }, subnet.deps, subnet.check);
  const world: World = Object.assign(subnet, {
    inspector: found.inspector,
    look: async (...uids: number[]) => {
      await subnet.deps.view.refresh(subnet.signal);
      for (const uid of uids)
        await subnet.check.check(subnet.neuron(uid), subnet.network.head().number, false, subnet.signal);
    },
    round: async () => {
      await loop.pass(subnet.signal);
      return new Map(
        subnet
          .told('round-finished')
          .at(-1)
          ?.rows.map((row) => [row.uid, row]),
      );
    },
  });
  world.commit(3, 'three', 2);
  await world.look(3);
  world.network.advance(10);
  return world;
}

/** Another miner's claim of the model of a loss, ten blocks later. */
async function claim(world: World, uid: number, loss: number): Promise<void> {
  world.commit(uid, `model-${uid}`, loss);
  await world.look(uid);
  world.network.advance(10);
}

const IDENTICAL = { rule: 'near-copy', share: 0.7, distance: null };

describe('contenders that have tensors in common', () => {
  it('are told of and recorded, at no cost and without consequence, where no check compares', async () => {
    const world = await newWorld();
    await claim(world, 4, 1.9);
    const rows = await world.round();
    const hotkey = world.neuron(3).hotkey;
    expect(rows.get(4)).toMatchObject({ score: 1.9, error: null, similarTo: [{ uid: 3, hotkey, share: 0.75 }] });
    expect(rows.get(3)).not.toHaveProperty('similarTo');
    expect([world.inspector.inspections, world.inspector.samples]).toEqual([2, []]);
    const { journal } = world.deps.state;
    expect(wholeRound(journal, 1).similarity).toEqual({
      pairs: [{ later: { uid: 4, hotkey: world.neuron(4).hotkey }, earlier: { uid: 3, hotkey }, share: 0.75 }],
      checks: [],
    });
    expect(wholeRound(journal, 1).verdict).not.toHaveProperty('compared');
    expect(replayed(journal, 1)).toMatchObject({ agrees: true, differences: [] });
  });

  it('leave a record as it always was where nothing is alike', async () => {
    const world = await newWorld();
    await claim(world, 4, 1.5);
    await world.round();
    expect(wholeRound(world.deps.state.journal, 1)).not.toHaveProperty('similarity');
  });

  it('are nothing to be known of an inspector that lists no tensors', async () => {
    const world = await newWorld();
    world.inspector.lists = false;
    await claim(world, 4, 1.9);
    expect((await world.round()).get(4)).not.toHaveProperty('similarTo');
  });
});

describe('near-copy', () => {
  it('refuses the later one before it is scored, on record, and a replay finds the same', async () => {
    const world = await newWorld([IDENTICAL]);
    await claim(world, 4, 1.9);
    const rows = await world.round();
    expect(rows.get(4)).toMatchObject({ score: null, share: 0, error: { code: 'NEAR_COPY', fault: 'miner' } });
    expect(rows.get(3)).toMatchObject({ score: 2, share: 1, error: null });
    expect([world.evaluator.evaluated, world.inspector.samples]).toEqual([['three'], []]);
    expect(world.told('evaluation-finished').map(({ uid, error }) => [uid, error?.code])).toEqual([
      [4, 'NEAR_COPY'],
      [3, undefined],
    ]);
    const { journal } = world.deps.state;
    const recorded = wholeRound(journal, 1);
    expect(recorded.verdict).toMatchObject({ compared: [{ uid: 4, refused: 'NEAR_COPY', margin: 0 }] });
    expect(replayed(journal, 1)).toMatchObject({ agrees: true, differences: [] });
    expect(world.deps.state.contenders(1)).toEqual({ pending: [], kept: [world.neuron(3).hotkey] });
  });

  it('is what the pairs on record say, and nothing else', async () => {
    const world = await newWorld([IDENTICAL]);
    await claim(world, 4, 1.9);
    await world.round();
    const recorded = wholeRound(world.deps.state.journal, 1);
    const withPairs = (pairs: NonNullable<typeof recorded.similarity>['pairs']) =>
      replayEntry(asJson({ ...recorded, similarity: { ...recorded.similarity, pairs } }), world.deps.rules);
    const [pair] = recorded.similarity?.pairs ?? [];
    if (!pair) throw new Error('there is no pair on record');
    expect(withPairs([pair]).agrees).toBe(true);
    expect(withPairs([]).differences).toContainEqual(expect.stringContaining('compared'));
    expect(withPairs([{ ...pair, share: 0.6 }]).agrees).toBe(false);
    const [original] = recorded.contenders;
    const scored = recorded.contenders.map((one) =>
      one.uid === 4 && original ? { ...one, outcome: original.outcome } : one,
    );
    const { verdict } = replayEntry(asJson({ ...recorded, contenders: scored }), world.deps.rules);
    expect(verdict.contenders.find(({ uid }) => uid === 4)?.score).toBeNull();
  });

  it('does not go by files that change while they are read, and blames nobody for them', async () => {
    const world = await newWorld([{ rule: 'near-copy' }]);
    await claim(world, 4, 1.5);
    world.inspector.during = (directory, text) => {
      if (text === '2') writeFileSync(join(directory, 'model.safetensors'), '1.7');
    };
    const rows = await world.round();
    expect([3, 4].map((uid) => [rows.get(uid)?.score, rows.get(uid)?.error])).toEqual([
      [2, null],
      [1.5, null],
    ]);
    expect(wholeRound(world.deps.state.journal, 1).similarity?.pairs).toEqual([]);
  });

  it('takes values that differ a little for a copy, sampled by the seed of the round, each model once', async () => {
    const world = await newWorld([{ rule: 'near-copy' }]);
    await claim(world, 4, 1.5);
    await claim(world, 5, 1.7);
    const rows = await world.round();
    expect(rows.get(4)?.error?.code).toBe('NEAR_COPY');
    expect(rows.get(5)).toMatchObject({ score: 1.7, error: null });
    const recorded = wholeRound(world.deps.state.journal, 1);
    expect(recorded.similarity?.pairs).toMatchObject([
      { later: { uid: 4 }, earlier: { uid: 3 }, share: 0, distance: { near: [{ within: 0.01, share: 1 }] } },
    ]);
    expect(world.inspector.samples.map(({ text }) => text).sort()).toEqual(['1.5', '1.7', '2']);
    expect(new Set(world.inspector.samples.map(({ seed }) => seed))).toEqual(new Set([recorded.seed]));
    expect(replayed(world.deps.state.journal, 1)).toMatchObject({ agrees: true });
  });

  it('refuses an exact copy as well, which would lose in any case', async () => {
    const world = await newWorld([IDENTICAL]);
    await claim(world, 4, 2);
    expect((await world.round()).get(4)).toMatchObject({ sameAs: null, error: { code: 'NEAR_COPY' } });
  });

  it('raises the margin of the later one, in the verdict and in its replay', async () => {
    const world = await newWorld([{ ...IDENTICAL, then: 'raise-margin', margin: 0.2 }]);
    await claim(world, 4, 1.9);
    const rows = await world.round();
    expect(rows.get(4)).toMatchObject({ score: 1.9, winRate: null, margin: 0.2, error: null });
    expect(rows.get(3)).toMatchObject({ share: 1 });
    const { journal } = world.deps.state;
    expect(wholeRound(journal, 1).verdict).toMatchObject({ compared: [{ uid: 4, refused: null, margin: 0.2 }] });
    const { entry, verdict } = roundOf(journal.record(1)?.entry ?? null, journal);
    const shown = judgedRows(entry, verdict, world.deps.rules.kinds()).find(({ uid }) => uid === 4);
    expect(shown).toMatchObject({ margin: 0.2, similarTo: [{ uid: 3, share: 0.75 }] });
    expect(replayed(journal, 1)).toMatchObject({ agrees: true, differences: [] });
  });

  it('lets both play where they were claimed in one block', async () => {
    const world = await newWorld([IDENTICAL]);
    await claim(world, 4, 1.9);
    const { state } = world.deps;
    const [original, other] = [3, 4].map((uid) => state.model(world.neuron(uid).hotkey));
    if (!original || !other) throw new Error('a model is missing');
    await state.write(put.model({ ...other, block: original.block }));
    const rows = await world.round();
    expect([rows.get(3)?.error, rows.get(4)?.error]).toEqual([null, null]);
    expect(rows.get(4)?.similarTo).toMatchObject([{ uid: 3, share: 0.75 }]);
  });

  it('comes to the same whether the earlier claim is looked at first or last', async () => {
    const world = await newWorld([IDENTICAL]);
    world.commit(4, 'model-4', 2);
    world.network.advance(10);
    world.commit(5, 'model-5', 1.9);
    // uid 3 has moved on: 4 has the earlier claim of the two, and is looked at after the first round.
    world.commit(3, 'three-new', 1.7);
    await world.look(5, 3);
    expect((await world.round()).get(5)).toMatchObject({ score: 1.9, error: null });
    await world.look(4);
    const rows = await world.round();
    expect(rows.get(5)).toMatchObject({ error: { code: 'NEAR_COPY' }, similarTo: [{ uid: 4 }] });
    expect(rows.get(4)).toMatchObject({ score: 2, error: null });
  });

  it('decides without a model that this machine can not read, as everything in such a round', async () => {
    const world = await newWorld([{ rule: 'near-copy' }]);
    await claim(world, 4, 1.5);
    world.inspector.unreadable.add('2');
    expect((await world.round()).get(4)).toMatchObject({ score: 1.5, error: null });
    world.inspector.unreadable.clear();
    expect((await world.round()).get(4)).toMatchObject({ error: { code: 'NEAR_COPY' } });
  });

  it('inspects a model again whose tensors are not stored, as one that an older version took in', async () => {
    const world = await newWorld([IDENTICAL]);
    await claim(world, 4, 1.9);
    const { state } = world.deps;
    const digest = state.model(world.neuron(3).hotkey)?.facts?.tensorsDigest ?? '';
    const list = state.tensors(digest);
    await state.write(put.tensors(digest, undefined));
    expect((await world.round()).get(4)?.error?.code).toBe('NEAR_COPY');
    expect(world.inspector.inspections).toBe(3);
    expect(state.tensors(digest)).toEqual(list);
    await world.round();
    expect(world.inspector.inspections).toBe(3);
  });

  it('can not be judged with an inspector that lists no tensors: copies would win here and nowhere else', async () => {
    const world = await newWorld([IDENTICAL]);
    world.inspector.lists = false;
    await claim(world, 4, 1.9);
    await expect(world.round()).rejects.toMatchObject({ code: 'TENSORS_UNKNOWN', fault: 'config' });
    expect(world.deps.state.journal.head()).toBeUndefined();
  });
});

describe('a check of a package that compares', () => {
  const checkThat = (compared: NonNullable<EntryCheck['compared']>): Rule<EntryCheck, object> => ({
    ...{ name: 'harbour', version: 1, summary: 'A check of a test.', examples: [{}], parameters: z.strictObject({}) },
    bind: () => ({ compares: { share: 0.5 }, compared }),
  });

  it('may suspect a model, which plays', async () => {
    const suspicion = 'It is much like another one.';
    const check = checkThat(() => [{ name: 'harbour', found: 1, limit: 0, suspicion }]);
    const world = await newWorld([{ rule: 'harbour' }], [check]);
    await claim(world, 4, 1.9);
    expect((await world.round()).get(4)).toMatchObject({ score: 1.9, error: null });
    const { journal } = world.deps.state;
    const notes = wholeRound(journal, 1).contenders.map((contender) => contender.notes);
    expect(notes).toEqual([undefined, [suspicion]]);
    expect(replayed(journal, 1, world.deps.rules)).toMatchObject({ agrees: true });
    expect(() => replayed(journal, 1, new RuleBook())).toThrow(
      'no installed package brings a entry check named harbour',
    );
  });

  it.each<[what: string, compared: NonNullable<EntryCheck['compared']>, reason: string]>([
    [
      'throws without a code',
      () => {
        throw new TypeError('oops');
      },
      'it throws an error without a code: oops',
    ],
    [
      'blames somebody else than the miner',
      () => [{ name: 'x', found: 1, limit: 0, error: storeErrors.STORE_FULL({ directory: '' }) }],
      'a fault of validator',
    ],
    ['has a margin that is none', () => [{ name: 'x', found: 1, limit: 0, margin: 1 }], 'the margin is 1'],
  ])('decides nothing where it %s', async (_what, compared, reason) => {
    const world = await newWorld([{ rule: 'harbour' }], [checkThat(compared)]);
    await claim(world, 4, 1.9);
    await world.round();
    const [skipped] = world.told('round-skipped');
    expect(skipped?.error).toMatchObject({ code: 'RULE_BROKEN', payload: { rule: 'harbour' } });
    expect(skipped?.error.message).toContain(reason);
    expect(world.deps.state.journal.head()).toBeUndefined();
  });
});

describe('the stored lists of tensors', () => {
  it('lie beside the facts of a model, not in them, and in no record', async () => {
    const world = await newWorld();
    await world.round();
    const { journal } = world.deps.state;
    expect(JSON.stringify(journal.get('models', world.neuron(3).hotkey))).not.toContain(digestOf('a'));
    expect([...journal.chain()].map(({ entry }) => JSON.stringify(entry)).join()).not.toContain(digestOf('a'));
    expect(journal.entries('tensors')).toHaveLength(1);
  });

  it('go with the last model that has them', async () => {
    const world = await newWorld();
    await claim(world, 4, 2);
    await claim(world, 5, 1.5);
    const { state } = world.deps;
    const stored = (): number => state.journal.entries('tensors').length;
    const sync = new MetagraphSync({ hotkey: world.hotkey, offline: true }, world.deps);
    await sync.sync(world.signal);
    expect(stored()).toBe(2);
    await claim(world, 5, 1.7);
    await claim(world, 4, 1.9);
    await sync.sync(world.signal);
    // uid 3 still has what 4 had: three models are left, of 3, 4 and 5.
    expect(stored()).toBe(3);
    await claim(world, 3, 1.9);
    await sync.sync(world.signal);
    expect(stored()).toBe(2);
  });
});
