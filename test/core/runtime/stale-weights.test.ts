import type { ChainSnapshot } from '@assay/core/contracts/chain-client';
import { asBlockNumber } from '@assay/core/contracts/brands';
import type { WeightSetting } from '@assay/core/runtime/weight-setting';
import { describe, expect, it } from 'vitest';
import { blockAt, failure, newScript, scriptedSubnet, settingOf, type Script } from './scripted-weights.js';
import type { Subnet } from './subnet.js';

const TEMPO = 360;

interface Own {
  lastUpdate?: number;
  registeredAt?: number;
  validatorPermit?: boolean;
}

const seen =
  (block: number, own: Own = {}, parameters: Partial<ChainSnapshot['parameters']> = {}, ownerHotkey = '') =>
  (snapshot: ChainSnapshot): ChainSnapshot => ({
    ...snapshot,
    at: blockAt(block),
    ownerHotkey: snapshot.neurons.find(({ hotkey }) => hotkey === ownerHotkey)?.hotkey ?? null,
    parameters: { ...snapshot.parameters, tempo: TEMPO, ...parameters },
    neurons: snapshot.neurons.map((neuron) =>
      neuron.uid === 0
        ? {
            ...neuron,
            lastUpdate: asBlockNumber(own.lastUpdate ?? 6_000),
            registeredAt: asBlockNumber(own.registeredAt ?? 100),
            validatorPermit: own.validatorPermit ?? true,
          }
        : neuron,
    ),
  });

async function looks(
  subnet: Subnet,
  setting: WeightSetting,
  script: Script,
  ...snapshots: Script['seen'][]
): Promise<number> {
  for (const snapshot of snapshots) {
    script.seen = snapshot;
    const current = await subnet.deps.view.refresh(subnet.signal);
    await setting.look(current, subnet.signal);
  }
  return subnet.told('weights-stale').length;
}

describe('weights that are older than three tempos', () => {
  it('raise an alarm at once, again with each tempo, and none when there are new ones', async () => {
    const script = newScript();
    const subnet = await scriptedSubnet(script);
    const setting = settingOf(subnet);
    const old = 6_000 + 3 * TEMPO;
    expect(await looks(subnet, setting, script, seen(old))).toBe(0);
    expect(await looks(subnet, setting, script, seen(old + 1), seen(old + 2), seen(old + TEMPO))).toBe(1);
    expect(subnet.told('weights-stale')[0]).toEqual({
      event: 'weights-stale',
      ...{ block: old + 1, uid: 0, lastUpdate: 6_000, blocks: 3 * TEMPO + 1, tempo: TEMPO, error: null },
    });
    expect(await looks(subnet, setting, script, seen(old + 1 + TEMPO))).toBe(2);
    expect(await looks(subnet, setting, script, seen(old + 1 + TEMPO, { lastUpdate: old + TEMPO }))).toBe(2);
  });

  it('name the newest reason for which none were set', async () => {
    const script = newScript({ send: () => Promise.reject(failure('chain', 'SettingWeightsTooFast')) });
    const subnet = await scriptedSubnet(script);
    script.seen = seen(9_000);
    const setting = settingOf(subnet);
    await setting.trySet(subnet.signal);
    expect(subnet.told('weights-stale')[0]?.error).toBeNull();
    await setting.look(seen(9_000 + TEMPO)(subnet.deps.view.current), subnet.signal);
    expect(subnet.told('weights-stale')[1]?.error?.code).toBe('SettingWeightsTooFast');
  });

  it.each<[what: string, alarms: number, snapshots: (hotkey: string) => Script['seen'][]]>([
    ['without a permit none are missed', 0, () => [seen(9_000, { validatorPermit: false })]],
    ['the owner needs no permit', 1, (own) => [seen(9_000, { validatorPermit: false }, {}, own)]],
    ['a subnet without epochs waits for none', 0, () => [seen(9_000, {}, { tempo: 0 })]],
    ['a subnet that takes none waits for none', 0, () => [seen(9_000, {}, { consensus: 'null' })]],
    [
      'none ever count from the registration',
      1,
      () => [seen(9_000, { lastUpdate: 100 }), seen(10_081, { lastUpdate: 100 })],
    ],
    [
      'none ever count from the first look',
      0,
      () => [seen(9_000, { lastUpdate: 100 }), seen(10_080, { lastUpdate: 100 })],
    ],
    ['a new network', 0, () => [seen(9_000, { lastUpdate: 0, registeredAt: 0 })]],
  ])('%s', async (_what, alarms, snapshots) => {
    const script = newScript();
    const subnet = await scriptedSubnet(script);
    expect(await looks(subnet, settingOf(subnet), script, ...snapshots(subnet.hotkey))).toBe(alarms);
  });

  it.each([{ dryRun: true }, { setWeights: false }, { readOnly: true }, { offline: true }])(
    'are no alarm of a run with %j',
    async (withheld) => {
      const script = newScript();
      const subnet = await scriptedSubnet(script);
      script.seen = seen(9_000);
      await settingOf(subnet, withheld).look(await subnet.deps.view.refresh(subnet.signal), subnet.signal);
      expect(subnet.told('weights-stale')).toEqual([]);
    },
  );
});
