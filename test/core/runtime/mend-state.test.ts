import { join } from 'node:path';
import Database from 'libsql';
import { EvaluationLoop } from '@assay/core/runtime/evaluation-loop';
import { mendState } from '@assay/core/runtime/mend-state';
import { MetagraphSync } from '@assay/core/runtime/metagraph-sync';
import { put } from '@assay/core/runtime/derived-rows';
import { WeightSetting } from '@assay/core/runtime/weight-setting';
import { describe, expect, it } from 'vitest';
import { averageOf, hotkeysOf, weightsOf, newSubnet, type Subnet } from './subnet.js';

const DERIVED = ['standings', 'history', 'contenders', 'last-rounds'];

/** Some rounds with models that come, change and are refused. */
async function afterRounds(): Promise<Subnet> {
  const subnet = await newSubnet();
  const loop = new EvaluationLoop({ hotkey: subnet.hotkey }, subnet.deps, subnet.check);
  const losses = [
    [3, 2.5],
    [4, 2.4],
    [5, 2.3],
    [3, 2.2],
  ] as const;
  for (const [round, [uid, loss]] of losses.entries()) {
    subnet.commit(uid, `m${uid}-${round}`, loss);
    await subnet.deps.view.refresh(subnet.signal);
    await subnet.check.check(subnet.neuron(uid), 5100 + round, false, subnet.signal);
    await loop.pass(subnet.signal);
  }
  // One that waits to be judged.
  subnet.commit(6, 'm6', 2.1);
  await subnet.deps.view.refresh(subnet.signal);
  await subnet.check.check(subnet.neuron(6), 5100, false, subnet.signal);
  return subnet;
}

function damage({ folder }: Subnet, sql: string): void {
  const database = new Database(join(folder, 'data', 'journal.db'));
  database.exec(sql);
  database.close();
}

const tablesOf = ({ deps: { state } }: Subnet): unknown =>
  Object.fromEntries(DERIVED.map((table) => [table, state.journal.entries(table)]));

/** Where nobody holds weight, who owned the uid is not on record. */
const withoutIdleOwners = (subnet: Subnet): unknown =>
  [...subnet.deps.state.standings()].map(([id, standing]) => [
    id,
    weightsOf(standing).flatMap((weight, uid) => (weight > 0 ? [[uid, weight, hotkeysOf(standing)[uid]]] : [])),
  ]);

describe('a damaged table', () => {
  it.each(DERIVED)('of %s is derived again from the recorded rounds', async (table) => {
    const subnet = await afterRounds();
    const [before, standing] = [tablesOf(subnet), withoutIdleOwners(subnet)];
    damage(subnet, `UPDATE derived SET value = CAST(x'ff' AS TEXT) WHERE name = '${table}'`);
    await mendState(subnet.deps);
    if (table === 'standings') expect(withoutIdleOwners(subnet)).toEqual(standing);
    else expect(tablesOf(subnet)).toEqual(before);
    expect(subnet.told('warning').map(({ error }) => [error.code, error.payload])).toEqual([
      ['STATE_DERIVED_AGAIN', { tables: [table] }],
    ]);
    await mendState(subnet.deps);
    expect(subnet.told('warning')).toHaveLength(1);
  });

  it.each(DERIVED)('of %s whose rows are gone is derived again', async (table) => {
    const subnet = await afterRounds();
    const [before, standing] = [tablesOf(subnet), withoutIdleOwners(subnet)];
    damage(subnet, `DELETE FROM derived WHERE name = '${table}'`);
    await mendState(subnet.deps);
    if (table === 'standings') expect(withoutIdleOwners(subnet)).toEqual(standing);
    else expect(tablesOf(subnet)).toEqual(before);
  });
});

it('a standing that is not that of its newest round is derived again before weights are set', async () => {
  const subnet = await afterRounds();
  const right = withoutIdleOwners(subnet);
  const hotkeys = subnet.deps.view.current.neurons.map(({ hotkey }) => hotkey);
  await subnet.deps.state.write(put.standing(1, averageOf([0, 0, 0, 0, 0, 0, 1], hotkeys)));
  const options = { hotkey: subnet.hotkey, offline: false, dryRun: false, setWeights: true };
  expect(await new WeightSetting(options, subnet.deps).trySet(subnet.signal)).toBe(true);
  expect(withoutIdleOwners(subnet)).toEqual(right);
  expect(subnet.told('weights-set')[0]?.weights.some(({ uid }) => uid === 6)).toBe(false);
});

it('a damaged row of history keeps no competition from its next round', async () => {
  const subnet = await afterRounds();
  damage(subnet, `UPDATE derived SET value = CAST(x'ff' AS TEXT) WHERE name = 'history'`);
  await new EvaluationLoop({ hotkey: subnet.hotkey }, subnet.deps, subnet.check).pass(subnet.signal);
  expect(subnet.told('round-skipped')).toEqual([]);
  expect(subnet.told('round-finished')).toHaveLength(5);
});

it('a damaged round that a standing rests on is no reason for other weights', async () => {
  const subnet = await afterRounds();
  damage(
    subnet,
    `DROP TRIGGER records_are_never_changed; UPDATE records SET entry = replace(entry, '2.2', '2.9') WHERE type = 'round' AND ordinal = 4`,
  );
  await expect(mendState(subnet.deps)).rejects.toMatchObject({ code: 'JOURNAL_CHAIN_BROKEN', payload: { number: 4 } });
  const options = { hotkey: subnet.hotkey, offline: false, dryRun: false, setWeights: true };
  expect(await new WeightSetting(options, subnet.deps).trySet(subnet.signal)).toBe(false);
  expect(subnet.told('weights-failed').map(({ error }) => error.code)).toEqual(['JOURNAL_CHAIN_BROKEN']);
});

it('the history of hotkeys that have left is dropped', async () => {
  const subnet = await afterRounds();
  const gone = subnet.neuron(5).hotkey;
  expect(subnet.deps.state.history(1, gone)).not.toEqual([]);
  subnet.network.deregister(5);
  await new MetagraphSync({ hotkey: subnet.hotkey, offline: false }, subnet.deps).sync(subnet.signal);
  expect(subnet.deps.state.history(1, gone)).toEqual([]);
  expect(subnet.deps.state.history(1, subnet.neuron(4).hotkey)).not.toEqual([]);
});
