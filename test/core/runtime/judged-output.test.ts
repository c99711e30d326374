import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '@assay/core/contracts/round-journal';
import { EvaluationLoop } from '@assay/core/runtime/evaluation-loop';
import { replayEntry } from '@assay/core/runtime/round/entry';
import type { RoundEntry } from '@assay/core/runtime/round/entry-shape';
import { asJson } from '@assay/core/runtime/derived-rows';
import { beforeEach, describe, expect, it } from 'vitest';
import { wholeRound } from '../../recorded-round.js';
import { newSubnet, type Subnet } from './subnet.js';

let subnet: Subnet;

const counted = (from: number): number[] => Array.from({ length: 20 }, (_none, index) => from + index);
const repeated = Array.from({ length: 20 }, () => 7);

beforeEach(async () => {
  subnet = await newSubnet({ batches: [[[1, 2, 3, 4]], [[5, 6, 7, 8]]] });
  // The best model says the same whatever it is asked.
  subnet.commit(3, 'parrot', 2);
  subnet.commit(4, 'four', 3);
  subnet.evaluator.generations = (name) =>
    name === 'parrot' ? [[repeated], [repeated]] : [[counted(0)], [counted(100)]];
  await subnet.deps.view.refresh(subnet.signal);
  for (const uid of [3, 4])
    await subnet.check.check(subnet.neuron(uid), subnet.network.head().number, false, subnet.signal);
  await new EvaluationLoop({ hotkey: subnet.hotkey }, subnet.deps, subnet.check).pass(subnet.signal);
});

const recorded = (): RoundEntry => wholeRound(subnet.deps.state.journal, 1);
const tasksOf = (
  entry: RoundEntry,
  uid: number,
): Extract<RoundEntry['contenders'][number]['outcome'], { status: 'scored' }>['tasks'] => {
  const outcome = entry.contenders.find((one) => one.uid === uid)?.outcome;
  if (outcome?.status !== 'scored') throw new Error(`uid ${uid} is not scored`);
  return outcome.tasks;
};

describe('what a model generates', () => {
  it('is judged by the validator: the best loss wins nothing', () => {
    const [round] = subnet.told('round-finished');
    expect(round?.rows.map(({ uid, score, error }) => [uid, score, error?.code])).toEqual([
      [3, null, 'UNREASONABLE_OUTPUT'],
      [4, 3, undefined],
    ]);
    expect(round?.rows.find(({ uid }) => uid === 4)?.share).toBeGreaterThan(0.99);
    expect(subnet.told('evaluation-finished').map(({ uid, score, error }) => [uid, score, error?.code])).toEqual([
      [3, null, 'UNREASONABLE_OUTPUT'],
      [4, 3, undefined],
    ]);
  });

  it('is recorded beside the losses, and the replay comes to the same verdict', () => {
    const entry = recorded();
    expect(tasksOf(entry, 3)).toMatchObject([{ losses: [2], evidence: { continuations: [[repeated], [repeated]] } }]);
    expect(tasksOf(entry, 4)).toMatchObject([{ evidence: { continuations: [[counted(0)], [counted(100)]] } }]);
    expect(replayEntry(asJson(entry), subnet.deps.rules)).toMatchObject({ agrees: true, differences: [] });
  });

  it('decides in the replay as well: another text has another verdict', () => {
    const entry = recorded();
    for (const task of tasksOf(entry, 3)) task.evidence = { continuations: [[counted(0)], [counted(100)]] };
    const { agrees, verdict } = replayEntry(asJson(entry), subnet.deps.rules);
    expect(agrees).toBe(false);
    expect(verdict.winner).toMatchObject({ uid: 3, score: 2 });
  });

  it('is judged by the version of the kind that is on record, or not at all', () => {
    const entry = recorded();
    for (const task of tasksOf(entry, 3)) {
      expect(task.kindVersion).toBe(1);
      task.kindVersion = 2;
    }
    expect(() => replayEntry(asJson(entry), subnet.deps.rules)).toThrow(
      expect.objectContaining({ code: 'TASK_KIND_VERSION', fault: 'config' }) as Error,
    );
  });

  it('is judged again where the losses of an old round have been dropped', () => {
    const entry = recorded();
    for (const uid of [3, 4]) for (const task of tasksOf(entry, uid)) task.losses = [];
    expect(replayEntry(asJson(entry), subnet.deps.rules)).toMatchObject({ agrees: true, differences: [] });
  });

  it('that is no text at all is told', () => {
    const entry = recorded();
    for (const task of tasksOf(entry, 3)) task.evidence = 'nice';
    expect(() => replayEntry(asJson(entry), subnet.deps.rules)).toThrow(
      expect.objectContaining({ code: 'EVIDENCE_INVALID' }) as Error,
    );
  });

  it('has its verdict in the outcome of an entry from before', () => {
    const entry = recorded();
    const without = entry.contenders.map((contender) => {
      if (contender.uid !== 3) return contender;
      const { error } = subnet.told('evaluation-finished').find(({ uid }) => uid === 3) ?? {};
      return { ...contender, outcome: { status: 'failed', error } };
    });
    for (const task of tasksOf(entry, 4)) {
      delete task.evidence;
      delete task.kindVersion;
    }
    const old: Json = asJson({ ...entry, contenders: without });
    expect(replayEntry(old, subnet.deps.rules)).toMatchObject({ agrees: true, differences: [] });
  });

  it('leaves no samples behind', () => {
    expect(readdirSync(join(subnet.folder, 'scratch'))).toEqual([]);
  });
});
