import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { ClockWatch } from '@assay/core/runtime/clock-watch';
import { EvaluationLoop } from '@assay/core/runtime/evaluation-loop';
import { ModelSync } from '@assay/core/runtime/model-sync';
import { put } from '@assay/core/runtime/derived-rows';
import { WeightSetting } from '@assay/core/runtime/weight-setting';
import { LocalChainClient } from '@assay/plugin-local-chain';
import { describe, expect, it } from 'vitest';
import { newFolder } from '../model/folders.js';
import { kept, model, never, texts, type Kept } from '../model/store/scene.js';
import { averageOf, CADENCES, JumpingClock, newSubnet, type Subnet } from './subnet.js';

const MINUTE = 60_000;
const DAY = 86_400_000;
const YEARS = 10 * 365 * DAY;
const JUMPS = [DAY, -DAY, YEARS, -YEARS, 5 * MINUTE, -5 * MINUTE];

async function withStanding(): Promise<Subnet> {
  const subnet = await newSubnet();
  const hotkeys = subnet.deps.view.current.neurons.map(({ hotkey }) => hotkey);
  await subnet.deps.state.write(put.standing(1, averageOf([0, 0, 0, 0.75, 0.25, 0, 0], hotkeys)));
  return subnet;
}

const settingOf = ({ deps, hotkey }: Subnet): WeightSetting =>
  new WeightSetting({ hotkey, offline: false, dryRun: false, setWeights: true }, deps);

describe.each(JUMPS)('a clock that is set by %d ms', (jump) => {
  it('while the validator runs leaves the cadence of weights as it is', async () => {
    const subnet = await withStanding();
    const setting = settingOf(subnet);
    await subnet.clock.run(setting, 5 * MINUTE);
    subnet.clock.wallLead = jump;
    await subnet.clock.run(setting, 10 * MINUTE);
    expect(subnet.told('weights-set')).toHaveLength(1);
    await subnet.clock.run(setting, 60 * MINUTE);
    expect(subnet.told('weights-set').length).toBeGreaterThanOrEqual(4);
  });

  it('between two runs delays weights by one cadence at most', async () => {
    const subnet = await withStanding();
    subnet.clock.wallLead = jump;
    await subnet.clock.run(settingOf(subnet), 5 * MINUTE);
    subnet.clock.wallLead = 0;
    await subnet.clock.run(settingOf(subnet), CADENCES.weights + 1);
    expect(subnet.told('weights-set').length).toBeGreaterThanOrEqual(2);
  });

  it('leaves the cycle of model sync as it is', async () => {
    const { deps, check, clock } = await newSubnet();
    let looks = 0;
    const head = deps.chain.head.bind(deps.chain);
    deps.chain.head = (signal) => {
      looks += 1;
      return head(signal);
    };
    const sync = new ModelSync({ updatedModelsLimit: 10, startUid: () => 0 }, deps, check);
    await clock.run(sync, 2 * MINUTE);
    const before = looks;
    clock.wallLead = jump;
    await clock.run(sync, 2 * MINUTE + CADENCES.modelSync);
    expect(looks - before).toBeGreaterThanOrEqual(before);
    expect(looks - before).toBeLessThanOrEqual(2 * before + 1);
  });

  it('in the middle of a round ends no model', async () => {
    const subnet = await newSubnet();
    for (const uid of [3, 4]) subnet.commit(uid, `m${uid}`, uid);
    await subnet.deps.view.refresh(subnet.signal);
    for (const uid of [3, 4]) await subnet.check.check(subnet.neuron(uid), 5010, false, subnet.signal);
    subnet.evaluator.during = () => {
      subnet.clock.wallLead = jump;
      return Promise.resolve();
    };
    await new EvaluationLoop({ hotkey: subnet.hotkey }, subnet.deps, subnet.check).pass(subnet.signal);
    expect(subnet.told('round-finished').map((round) => round.void)).toEqual([null]);
    expect(subnet.told('evaluation-finished').map(({ error }) => error)).toEqual([null, null]);
    const elapsed = subnet.told('round-finished').map(({ elapsedMs }) => elapsedMs);
    expect(elapsed.every((ms) => ms >= 0 && ms < MINUTE)).toBe(true);
  });

  it('makes the embedded chain neither leap nor stop', async () => {
    const { network } = await newSubnet();
    const clock = new JumpingClock();
    const { signal } = new AbortController();
    const client = await LocalChainClient.init(
      { netuid: 9, blockTime: 12, hotkey: 'validator', mode: 'validate' },
      { network, clock },
    );
    const { number: before } = await client.head(signal);
    clock.ms += 60_000;
    clock.wallLead = jump;
    const { number: after } = await client.head(signal);
    expect(after - before).toBe(5);
    clock.ms += 120_000;
    expect((await client.head(signal)).number - after).toBe(10);
  });

  it('is reported once', async () => {
    const subnet = await newSubnet();
    const { deps, clock } = subnet;
    const sleep = clock.sleep.bind(clock);
    clock.sleep = async (ms, signal) => {
      await sleep(ms, signal);
      clock.wallLead = jump;
    };
    await clock.run(new ClockWatch(deps), 10 * MINUTE);
    expect(subnet.told('warning').map(({ error }) => [error.code, error.payload])).toEqual([
      ['CLOCK_JUMPED', { seconds: jump / 1000 }],
    ]);
  });
});

it('a clock that a time service slews is not reported', async () => {
  const subnet = await newSubnet();
  const { deps, clock } = subnet;
  const sleep = clock.sleep.bind(clock);
  clock.sleep = async (ms, signal) => {
    await sleep(ms, signal);
    clock.wallLead += ms / 1000;
  };
  await clock.run(new ClockWatch(deps), 10 * MINUTE);
  expect(subnet.told('warning')).toEqual([]);
});

it('a start before the newest time on record is reported', async () => {
  const subnet = await withStanding();
  new ClockWatch(subnet.deps).checkStart();
  subnet.clock.wallLead = DAY;
  await subnet.clock.run(settingOf(subnet), MINUTE);
  subnet.clock.wallLead = 0;
  new ClockWatch(subnet.deps).checkStart();
  const warnings = subnet.told('warning').map(({ error }) => error);
  expect(warnings.map(({ code }) => code)).toEqual(['CLOCK_BEHIND_JOURNAL']);
  expect(warnings[0]?.message).toMatch(/864\d\d s later/);
});

describe('the grace of the store', () => {
  const GRACE = 600_000;
  const add = async ({ fetch }: Kept): Promise<unknown> => fetch('one', [{ path: 'x', size: 1 }], texts({ x: 'x' }));

  it.each(JUMPS)('counts from the fetch though the clock is set by %d ms', async (jump) => {
    const clock = new JumpingClock();
    const store = await kept({}, newFolder(), clock);
    await add(store);
    clock.wallLead = jump;
    clock.ms += GRACE - 1;
    expect((await store.keeper.prune(GRACE, never)).removed).toEqual([]);
    clock.ms += 1;
    expect((await store.keeper.prune(GRACE, never)).removed).toEqual([model('one')]);
  });

  it.each([DAY, YEARS])('ends for files that an earlier run wrote %d ms in the future', async (ahead) => {
    const clock = new JumpingClock();
    const root = newFolder();
    await add(await kept({}, root, clock));
    const manifest = join(root, 'models/miner/one', 'a'.repeat(40), 'manifest.json');
    const later = new Date(clock.now() + ahead);
    utimesSync(manifest, later, later);
    const { keeper } = await kept({}, root, clock);
    expect((await keeper.prune(GRACE, never)).removed).toEqual([]);
    clock.ms += GRACE;
    expect((await keeper.prune(GRACE, never)).removed).toEqual([model('one')]);
  });
});
