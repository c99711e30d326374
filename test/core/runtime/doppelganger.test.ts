import type { ChainSnapshot } from '@assay/core/contracts/chain-client';
import { asBlockNumber } from '@assay/core/contracts/brands';
import { put } from '@assay/core/runtime/derived-rows';
import { describe, expect, it } from 'vitest';
import {
  blockAt,
  MINUTE,
  newScript,
  reopened,
  scriptedSubnet,
  settingOf,
  shows,
  unreachable,
  type Script,
} from './scripted-weights.js';
import type { Subnet } from './subnet.js';

/** The subnet's tempo is 360; its head is block 5000 at first. */
const TEMPO = 360;

async function sees(subnet: Subnet, setting: ReturnType<typeof settingOf>): Promise<void> {
  await setting.look(await subnet.deps.view.refresh(subnet.signal), subnet.signal);
}

/** A validator that has seen its last update at block 4900. */
async function started(change: Partial<Script> = {}): Promise<[Subnet, Script, ReturnType<typeof settingOf>]> {
  const script = newScript({
    seen: shows(4900, 5000),
    send: () => Promise.resolve({ at: blockAt(5001), mode: 'set' }),
    ...change,
  });
  const subnet = await scriptedSubnet(script);
  const setting = settingOf(subnet);
  await sees(subnet, setting);
  return [subnet, script, setting];
}

describe('another validator with our hotkey', () => {
  it('is found when the last update moves without us; nothing is set any more, and the log says so', async () => {
    const [subnet, script, setting] = await started();
    script.seen = shows(5010, 5012);
    await sees(subnet, setting);
    expect(subnet.told('doppelganger')).toMatchObject([
      { block: 5012, uid: 0, lastUpdate: 5010, expected: 4900, error: { code: 'DOPPELGANGER' } },
    ]);
    expect(subnet.told('doppelganger')[0]?.error.hint).toContain('--i-am-the-only-one');
    expect(await setting.trySet(subnet.signal)).toBe(false);
    await subnet.clock.run(settingOf(subnet), 90 * MINUTE);
    expect(script.submitted).toEqual([]);
    expect(subnet.told('weights-withheld').map(({ reason }) => reason)).toContain('doppelganger');
  });

  it('is told beside the newest block of ours, also where no snapshot has shown that one', async () => {
    const [subnet, script, setting] = await started({
      fate: () => Promise.resolve({ status: 'set', at: blockAt(5001) }),
    });
    expect(await setting.trySet(subnet.signal)).toBe(true);
    script.seen = shows(5010, 5012);
    await sees(subnet, setting);
    expect(subnet.told('doppelganger')).toMatchObject([{ lastUpdate: 5010, expected: 5001 }]);
  });

  it('is found right before weights are sent', async () => {
    const [subnet, script, setting] = await started();
    script.seen = shows(5010, 5012);
    expect(await setting.trySet(subnet.signal)).toBe(false);
    expect(script.submitted).toEqual([]);
    expect(subnet.told('doppelganger')).toHaveLength(1);
  });

  it('is reported again when it sets weights again, and not with each look', async () => {
    const [subnet, script, setting] = await started();
    for (const seen of [shows(5010, 5012), shows(5010, 5030), shows(5110, 5112), shows(5110, 5900)]) {
      script.seen = seen;
      await sees(subnet, setting);
    }
    expect(subnet.told('doppelganger').map(({ lastUpdate }) => lastUpdate)).toEqual([5010, 5110]);
    // It has been silent for long by now, but this run does not take that for its end.
    expect(await setting.trySet(subnet.signal)).toBe(false);
  });

  it.each<[what: string, head: number, options: object, sets: boolean]>([
    ['less than a tempo later', 5010 + TEMPO - 1, {}, false],
    ['a tempo later', 5010 + TEMPO, {}, true],
    ['at once, with --i-am-the-only-one', 5013, { iAmTheOnlyOne: true }, true],
  ])('is remembered by a process that starts %s', async (_what, head, options, sets) => {
    const [subnet, script, setting] = await started();
    script.seen = shows(5010, 5012);
    await sees(subnet, setting);
    await reopened(subnet);
    script.seen = shows(5010, head);
    const next = settingOf(subnet, options);
    await sees(subnet, next);
    expect(subnet.told('doppelganger')).toHaveLength(sets ? 1 : 2);
    script.send = () => Promise.resolve({ at: blockAt(head + 1), mode: 'set' });
    expect(await next.trySet(subnet.signal)).toBe(sets);
    expect(script.submitted).toHaveLength(sets ? 1 : 0);
    script.seen = shows(sets ? head + 1 : 5010, head + 2);
    await sees(subnet, next);
    expect(subnet.told('doppelganger')).toHaveLength(sets ? 1 : 2);
  });

  it.each<[head: number, options: object, alarms: number]>([
    [5010 + TEMPO - 1, {}, 1],
    [5010 + TEMPO, {}, 0],
    [5011, { iAmTheOnlyOne: true }, 0],
  ])(
    'that was there while this one was stopped, seen at block %i with %j, is %i alarms',
    async (head, options, alarms) => {
      const [subnet, script] = await started();
      await reopened(subnet);
      script.seen = shows(5010, head);
      await sees(subnet, settingOf(subnet, options));
      expect(subnet.told('doppelganger')).toHaveLength(alarms);
      expect(subnet.deps.state.doppelganger()).toEqual(alarms === 0 ? undefined : { lastUpdate: 5010, expected: 4900 });
    },
  );

  it('is found again in a run that was told to be the only one', async () => {
    const [subnet, script] = await started();
    const setting = settingOf(subnet, { iAmTheOnlyOne: true });
    await sees(subnet, setting);
    script.seen = shows(5010, 5012);
    await sees(subnet, setting);
    expect(subnet.told('doppelganger')).toHaveLength(1);
  });
});

describe('no other validator is', () => {
  it('what the first look finds', async () => {
    const [subnet] = await started();
    expect(subnet.deps.state.ownUpdate()).toMatchObject({ lastUpdate: 4900, since: 5000, ours: [] });
    expect(subnet.told('doppelganger')).toEqual([]);
  });

  it.each<[what: string, change: (own: ChainSnapshot['neurons'][number]) => object]>([
    ['a registration of our hotkey', () => ({ registeredAt: asBlockNumber(5010) })],
    ['another uid of our hotkey', () => ({ uid: 12 })],
  ])('%s, which moves the last update', async (_what, change) => {
    const [subnet, script, setting] = await started();
    script.seen = (snapshot) => {
      const next = shows(5010, 5012)(snapshot);
      const neurons = next.neurons.map((own) => (own.uid === 0 ? { ...own, ...change(own) } : own));
      return { ...next, neurons };
    };
    await sees(subnet, setting);
    expect(subnet.told('doppelganger')).toEqual([]);
    expect(subnet.deps.state.ownUpdate()).toMatchObject({ lastUpdate: 5010, since: 5012 });
  });

  it('one that used the hotkey which this validator had before', async () => {
    const [subnet, script, setting] = await started();
    script.seen = shows(5010, 5012);
    await sees(subnet, setting);
    expect(subnet.told('doppelganger')).toHaveLength(1);
    await reopened(subnet);
    const known = subnet.deps.state.ownUpdate();
    if (!known) throw new Error('nothing is known of the last update');
    await subnet.deps.state.write(put.ownUpdate({ ...known, hotkey: `${known.hotkey}-before` }));
    const next = settingOf(subnet);
    await sees(subnet, next);
    expect(subnet.told('doppelganger')).toHaveLength(1);
    expect(subnet.deps.state.doppelganger()).toBeUndefined();
    expect(await next.trySet(subnet.signal)).toBe(true);
  });

  it('a look at an earlier block', async () => {
    const [subnet, script, setting] = await started();
    script.seen = shows(4800, 4850);
    await sees(subnet, setting);
    script.seen = shows(4900, 5001);
    await sees(subnet, setting);
    expect(subnet.told('doppelganger')).toEqual([]);
  });

  it('a submission of ours whose answer was lost, whenever its fate is found out', async () => {
    const [subnet, script, setting] = await started({ send: () => Promise.reject(unreachable) });
    await setting.trySet(subnet.signal);
    script.seen = shows(5001, 5002);
    await sees(subnet, setting);
    await reopened(subnet);
    const next = settingOf(subnet);
    await sees(subnet, next);
    script.fate = () => Promise.resolve({ status: 'set', at: blockAt(5001) });
    await next.follow(subnet.signal);
    await sees(subnet, next);
    expect(subnet.told('doppelganger')).toEqual([]);
    expect(subnet.deps.state.ownUpdate()).toMatchObject({ lastUpdate: 5001, ours: [] });
  });

  it('weights of ours that a block holds again after it was undone', async () => {
    const [subnet, script, setting] = await started();
    await setting.trySet(subnet.signal);
    script.fate = () => Promise.resolve({ status: 'set', at: blockAt(5003) });
    script.seen = shows(5003, 5004);
    await sees(subnet, setting);
    expect(subnet.told('doppelganger')).toEqual([]);
  });

  it('a reveal of ours, where it moves the last update', async () => {
    const reveal = { block: asBlockNumber(5020), by: 'validator' } as const;
    const [subnet, script, setting] = await started({
      send: () => Promise.resolve({ at: blockAt(5001), mode: 'committed', reveal }),
      reveal: () => Promise.resolve(blockAt(5021)),
    });
    await setting.trySet(subnet.signal);
    script.fate = () => Promise.resolve({ status: 'committed', at: blockAt(5001), reveal });
    script.seen = shows(5001, 5020);
    await sees(subnet, setting);
    await setting.follow(subnet.signal);
    script.seen = shows(5021, 5022);
    await sees(subnet, setting);
    expect(subnet.told('weights-revealed')).toHaveLength(1);
    expect(subnet.told('doppelganger')).toEqual([]);
  });

  it('a submission that the chain has refused, or one that is lost', async () => {
    const [subnet, script, setting] = await started({ send: () => Promise.reject(unreachable) });
    await setting.trySet(subnet.signal);
    script.fate = () => Promise.resolve({ status: 'lost' });
    await setting.follow(subnet.signal);
    script.seen = shows(4900, 5100);
    await sees(subnet, setting);
    expect(subnet.told('doppelganger')).toEqual([]);
    // An update by somebody else in the meantime is still found.
    script.seen = shows(5090, 5101);
    await sees(subnet, setting);
    expect(subnet.told('doppelganger')).toHaveLength(1);
  });

  it.each([{ dryRun: true }, { setWeights: false }, { readOnly: true }, { offline: true }])(
    'this validator beside a process of ours with %j',
    async (withheld) => {
      const [subnet, script] = await started();
      script.seen = shows(5010, 5012);
      await sees(subnet, settingOf(subnet, withheld));
      expect(subnet.told('doppelganger')).toEqual([]);
      expect(subnet.deps.state.ownUpdate()?.lastUpdate).toBe(4900);
    },
  );
});
