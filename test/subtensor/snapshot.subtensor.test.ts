import { asBlockNumber } from '@assay/core/contracts/brands';
import type { BlockReference, ChainSnapshot } from '@assay/core/contracts/chain-client';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { errorOf } from '../error-of.js';
import { storage } from './client.js';
import { comparable, expectedOf } from './expected.js';
import { metagraphOf } from './metagraph.js';
import { COMMITTED, MINERS, populate, VALIDATORS } from './populace.js';
import { openReader, type Reader } from './reader.js';
import { missing, startedWorld, titled } from './started.js';
import { NETUID, rawField } from './world.js';

const signal = (): AbortSignal => AbortSignal.timeout(300_000);

describe.skipIf(missing !== undefined)(titled('a snapshot of the real runtime'), () => {
  const world = startedWorld();
  const open: Reader[] = [];
  let reader: Reader;
  let populated: BlockReference;

  const referenceTo = async (hash: string): Promise<BlockReference> => {
    const { number } = await world().api.rpc.chain.getHeader(hash);
    return { number: asBlockNumber(number.toNumber()), hash };
  };
  const newReader = (place: Partial<Parameters<typeof openReader>[1]> = {}): Reader => {
    const made = openReader(world().node.url, { netuid: NETUID, ...place });
    open.push(made);
    return made;
  };
  /** What the plugin reads at a block, after comparing all of it with what the independent client reads there. */
  const agreed = async (hash: string): Promise<ChainSnapshot> => {
    const snapshot = await reader.client.snapshot(signal(), await referenceTo(hash));
    expect(comparable(snapshot)).toEqual(expectedOf(await metagraphOf(world().api, NETUID, hash), NETUID));
    return snapshot;
  };
  const uidOf = ({ neurons }: ChainSnapshot, name: string): number =>
    neurons.findIndex(({ hotkey }) => hotkey === world().hotkey(name).address);
  const textOf = ({ commitments }: ChainSnapshot, name: string): string | undefined =>
    commitments.find(({ hotkey }) => hotkey === world().hotkey(name).address)?.data;

  beforeAll(async () => {
    if (missing !== undefined) return;
    populated = await referenceTo(await populate(world()));
    reader = newReader();
  });
  afterEach(async () => {
    for (const made of open.splice(0)) if (made !== reader) await made.client.close();
  });

  it('holds what an independent client reads, in every field', async () => {
    const snapshot = await agreed(populated.hash);
    expect(snapshot.neurons).toHaveLength(1 + VALIDATORS.length + MINERS.length);
    expect(snapshot.weights.size).toBe(VALIDATORS.length);
    expect(snapshot.neurons.filter(({ incentive }) => incentive > 0).length).toBeGreaterThan(15);
    expect(snapshot.neurons.filter(({ validatorTrust }) => validatorTrust > 0)).toHaveLength(VALIDATORS.length);
    expect(snapshot.commitments.length + snapshot.unreadable.length).toBeGreaterThanOrEqual(COMMITTED.length);
    expect(snapshot.revealed.filter(({ data }) => data.startsWith('one too many')).map(({ data }) => data)).toEqual(
      Array.from({ length: 10 }, (_, index) => `one too many ${index + 2}`),
    );
  });

  it('reads texts as the reference does, whatever their bytes', async () => {
    const snapshot = await reader.client.snapshot(signal(), populated);
    expect(textOf(snapshot, 'miner-15')).toBe('ab(');
    expect(textOf(snapshot, 'miner-16')).toBe('');
    expect(textOf(snapshot, 'miner-17')).toBe('\ufefftext\u0000with\nlines');
    expect(textOf(snapshot, 'miner-12')).toBe('first');
    expect(textOf(snapshot, 'miner-13')).toBeUndefined();
  });

  it.each([
    { hidden: [], calls: ['get_selective_metagraph'] },
    { hidden: ['get_selective_metagraph'], calls: ['get_metagraph'] },
    { hidden: ['get_selective_metagraph', 'get_metagraph'], calls: [] },
  ])('is the same without $hidden', async ({ hidden, calls }) => {
    const usual = await reader.client.snapshot(signal(), populated);
    const one = newReader();
    expect(await one.without(hidden, populated)).toEqual(usual);
    expect(one.asked.filter((name) => name.startsWith('SubnetInfoRuntimeApi'))).toEqual(
      calls.map((name) => `SubnetInfoRuntimeApi_${name}`),
    );
    // The scenario has what the paths could differ in: inherited alpha and TAO, in fractions of a rao.
    expect(usual.neurons[uidOf(usual, 'miner-21')]?.stake).toBeGreaterThan(10n ** 10n);
  });

  it('tells when the next epoch comes', async () => {
    const { nextEpoch } = await reader.client.snapshot(signal());
    expect((await referenceTo(await world().epoch())).number).toBe(nextEpoch);
  });

  it('tells a swapped hotkey, a replaced neuron, and one that came back from those before', async () => {
    const before = await agreed(await world().commit('miner-25', rawField('committed before the swap')));
    const swapped = await agreed(await world().swapHotkey('miner-25', 'miner-25-new'));
    const uid = uidOf(before, 'miner-25');
    expect(swapped.neurons[uid]?.hotkey).toBe(world().hotkey('miner-25-new').address);
    expect(textOf(before, 'miner-25')).toBe('committed before the swap');
    expect(textOf(swapped, 'miner-25')).toBeUndefined();
    const place = await world().replace('newcomer');
    const replaced = await agreed(await world().node.newBlock());
    const gone = swapped.neurons[place];
    const newcomer = replaced.neurons[place];
    expect(newcomer).toMatchObject({ hotkey: world().hotkey('newcomer').address, incentive: 0, dividends: 0 });
    expect(newcomer?.registeredAt).toBeGreaterThan(swapped.at.number);
    expect(replaced.neurons.map(({ hotkey }) => hotkey)).not.toContain(gone?.hotkey);
    expect(replaced.commitments.map(({ hotkey }) => hotkey)).not.toContain(gone?.hotkey);
  });

  it('shows what a hotkey committed before it left, once it is back', async () => {
    const name = 'leaver';
    await world().configure({ MaxAllowedUids: 100 });
    const [uid = 0] = await world().register(name);
    const committed = await agreed(await world().commit(name, rawField('from before')));
    await world().node.setStorage([
      world().entry('Keys', [NETUID, uid], world().hotkey('stand-in').address),
      [world().entry('Uids', [NETUID, world().hotkey(name).address], uid)[0], null],
      world().entry('Uids', [NETUID, world().hotkey('stand-in').address], uid),
      [world().entry('IsNetworkMember', [world().hotkey(name).address, NETUID], true)[0], null],
    ]);
    const without = await agreed(await world().node.newBlock());
    expect([textOf(committed, name), textOf(without, name)]).toEqual(['from before', undefined]);
    await world().register(name);
    const back = await agreed(await world().node.newBlock());
    const found = back.commitments.find(({ hotkey }) => hotkey === world().hotkey(name).address);
    expect(found).toMatchObject({ data: 'from before', block: committed.at.number });
    expect(back.neurons[uidOf(back, name)]?.registeredAt).toBeGreaterThan(committed.at.number);
  });

  it('reads the past, until the node has discarded it', async () => {
    const past = await agreed(populated.hash);
    expect(past.at).toEqual(populated);
    expect(textOf(past, 'miner-25')).toBeUndefined();
    const old = await referenceTo(await world().node.newBlock());
    // A new client looks at the parent of the block that it reads as well.
    await world().node.newBlock(2);
    await world().node.discardState(old.hash);
    expect(await errorOf(reader.client.snapshot(signal(), old))).toMatchObject({
      code: 'STATE_DISCARDED',
      fault: 'chain',
    });
  });

  it.each([
    ['a subnet', { netuid: 77 }, 'SUBNET_UNKNOWN'],
    ['a number that no subnet can have', { netuid: 70_000 }, 'SUBNET_UNKNOWN'],
    ['a mechanism', { mechanism: 3 }, 'MECHANISM_UNKNOWN'],
  ])('refuses %s that is not there', async (_what, place, code) => {
    expect(await errorOf(newReader(place).client.snapshot(signal()))).toMatchObject({ code, fault: 'config' });
  });

  it('is of one block while others are made', async () => {
    const one = newReader();
    const { hash } = await one.client.head(signal());
    const reading = one.client.snapshot(signal());
    const next = await world().commit('miner-0', rawField('made meanwhile'));
    const snapshot = await reading;
    expect([hash, next]).toContain(snapshot.at.hash);
    expect(comparable(snapshot)).toEqual(expectedOf(await metagraphOf(world().api, NETUID, snapshot.at.hash), NETUID));
  });

  it('reads the head that a reorg has left, and then the new one', async () => {
    await world().node.newBlock();
    const base = await world().commit('miner-0', rawField('before the fork'));
    const left = await world().commit('miner-0', rawField('undone'));
    const head = await reader.client.head(signal());
    expect(head.hash).toBe(left);
    await world().node.setHead(base);
    const right = await world().commit('miner-1', rawField('on the fork'));
    expect(right).not.toBe(left);
    expect(textOf(await reader.client.snapshot(signal(), head), 'miner-0')).toBe('undone');
    const after = await reader.client.snapshot(signal());
    expect(after.at.hash).toBe(right);
    expect(textOf(after, 'miner-0')).toBe('before the fork');
  });

  it('hides no row behind one that cannot be decoded', async () => {
    const before = await reader.client.snapshot(signal());
    const values = [
      '0x',
      '0xdeadbeef',
      `0x${'00'.repeat(8)}0100000004ff`,
      `0x${'00'.repeat(8)}010000000406${'61'.repeat(3)}`,
      `0x${'00'.repeat(8)}0100000004026100`,
      `0x${'00'.repeat(8)}01000000feffffff`,
      `0x${'00'.repeat(8)}010000000488feffffff`,
    ];
    const written = new Set([...before.commitments, ...before.unreadable].map(({ hotkey }) => hotkey));
    const free = before.neurons.map(({ hotkey }) => hotkey).filter((hotkey) => !written.has(hotkey));
    const bad = values.map((value, index): [hotkey: string, value: string] => [free[index] ?? '', value]);
    const key = (hotkey: string): string => storage(world().api, 'commitments', 'commitmentOf').key(NETUID, hotkey);
    await world().node.setStorage(bad.map(([hotkey, value]) => [key(hotkey), value]));
    const after = await reader.client.snapshot(signal(), await referenceTo(await world().node.newBlock()));
    expect(after.commitments).toEqual(before.commitments);
    expect(after.revealed).toEqual(before.revealed);
    const broken = after.unreadable.filter(({ hotkey }) => !before.unreadable.some((row) => row.hotkey === hotkey));
    expect(broken.map(({ hotkey }) => hotkey).sort()).toEqual(bad.map(([hotkey]) => hotkey).sort());
    for (const row of broken) expect(row).toMatchObject({ kind: 'unknown', block: null });
    for (const { detail } of broken) expect(detail).toMatch(/^[^\u0000-\u001f]{1,200}$/);
  });
});
