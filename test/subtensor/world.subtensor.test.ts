import { describe, expect, it } from 'vitest';
import { call } from './client.js';
import { metagraphOf, type MetagraphReading } from './metagraph.js';
import { missing, startedWorld, titled } from './started.js';
import { ChainRefusal, NETUID, rawField, type DataField, type World } from './world.js';

const text = (value: string): string => `0x${Buffer.from(value).toString('hex')}`;
const HASH = `0x${'5a'.repeat(32)}`;

/** Every variant of `Data` that spec 293 has, and how it reads back. */
const fields: [name: string, field: DataField, kind: string, data: string][] = [
  ['nothing', 'None', 'None', ''],
  ['an empty text', rawField(''), 'Raw0', '0x'],
  ['one byte', rawField('a'), 'Raw1', text('a')],
  ['the longest short text', rawField('b'.repeat(128)), 'Raw128', text('b'.repeat(128))],
  ['a long text', rawField('c'.repeat(129)), 'BigRaw', text('c'.repeat(129))],
  ['the longest text', rawField('d'.repeat(512)), 'BigRaw', text('d'.repeat(512))],
  ['a BlakeTwo256 hash', { BlakeTwo256: HASH }, 'BlakeTwo256', HASH],
  ['a Sha256 hash', { Sha256: HASH }, 'Sha256', HASH],
  ['a Keccak256 hash', { Keccak256: HASH }, 'Keccak256', HASH],
  ['a ShaThree256 hash', { ShaThree256: HASH }, 'ShaThree256', HASH],
  [
    'a timelocked text',
    { TimelockEncrypted: { encrypted: '0x0102', revealRound: 99_999_999 } },
    'TimelockEncrypted',
    '',
  ],
  ['a wish to reset bonds', 'ResetBondsFlag', 'ResetBondsFlag', ''],
];

async function read(world: World, hash: string): Promise<MetagraphReading> {
  return await metagraphOf(world.api, NETUID, hash);
}

describe.skipIf(missing !== undefined)(titled('the world on the real runtime'), () => {
  const world = startedWorld();

  it('registers neurons with their coldkeys and blocks', async () => {
    const uids = await world().register('validator', 'other', 'one', 'two', 'three');
    expect(uids).toEqual([1, 2, 3, 4, 5]);
    const hash = await world().node.newBlock();
    const { neurons, ownerHotkey, number, parameters } = await read(world(), hash);
    expect(neurons.map((neuron) => neuron.hotkey)).toEqual(
      ['owner', 'validator', 'other', 'one', 'two', 'three'].map((name) => world().hotkey(name).address),
    );
    expect(neurons[1]).toMatchObject({ coldkey: world().coldkey('validator').address, registeredAt: number - 1 });
    expect(ownerHotkey).toBe(world().hotkey('owner').address);
    expect(parameters).toMatchObject({
      tempo: 10,
      weightsRateLimit: 0,
      minAllowedWeights: 1,
      commitRevealEnabled: false,
    });
  });

  it.each(fields)('commits %s', async (_name, field, kind, data) => {
    // The chain counts bytes per epoch; the limit is not what is tested here.
    const hash = await world()
      .commit('one', field)
      .catch(async (error: unknown) => {
        if (!(error instanceof ChainRefusal) || error.message !== 'SpaceLimitExceeded') throw error;
        await world().epoch();
        return await world().commit('one', field);
      });
    const { commitments, number } = await read(world(), hash);
    const found = commitments.find(({ hotkey }) => hotkey === world().hotkey('one').address);
    expect(found).toMatchObject({ block: number, fields: [{ kind, ...(data === '' ? {} : { data }) }] });
  });

  it('commits several fields at once, and refuses a fourth', async () => {
    await world().epoch();
    const hash = await world().commit('two', rawField('first'), { Sha256: HASH }, rawField('last'));
    const found = (await read(world(), hash)).commitments.find(
      ({ hotkey }) => hotkey === world().hotkey('two').address,
    );
    expect(found?.fields).toEqual([
      { kind: 'Raw5', data: text('first') },
      { kind: 'Sha256', data: HASH },
      { kind: 'Raw4', data: text('last') },
    ]);
    const four = ['a', 'b', 'c', 'd'].map((one) => rawField(one));
    await expect(world().commit('two', ...four)).rejects.toThrow();
  });

  it('refuses a commitment of a stranger, by the name of the error', async () => {
    await expect(world().commit('stranger', rawField('x'))).rejects.toThrow('AccountNotAllowedCommit');
  });

  it('refuses a call of sudo that fails', async () => {
    const bad = call(world().api, 'adminUtils', 'sudoSetTempo', 99, 5);
    await expect(world().send([world().alice, call(world().api, 'sudo', 'sudo', bad)])).rejects.toThrow(
      'SubnetDoesNotExist',
    );
  });

  it('keeps revealed commitments', async () => {
    await world().reveal('two', [
      ['first', 3],
      ['second', 4],
    ]);
    const { revealed } = await read(world(), await world().node.newBlock());
    // The length of the text times four comes before it: SCALE's compact form.
    expect(revealed.get(world().hotkey('two').address)).toEqual([
      { data: `0x14${Buffer.from('first').toString('hex')}`, block: 3 },
      { data: `0x18${Buffer.from('second').toString('hex')}`, block: 4 },
    ]);
  });

  it('turns weights into incentive and validator trust in an epoch', async () => {
    await world().stake('validator', 500);
    await world().stake('other', 100);
    await world().permit('validator', 'other');
    await world().setWeights('validator', [
      [3, 65535],
      [4, 32768],
    ]);
    const set = await world().setWeights('other', [[4, 65535]]);
    const before = await read(world(), set);
    expect(before.weights.get(1)).toEqual([
      [3, 65535],
      [4, 32768],
    ]);
    expect(before.weights.get(2)).toEqual([[4, 65535]]);
    expect(before.neurons[2]?.lastUpdate).toBe(before.number);
    expect(before.neurons[1]?.stake).toBeGreaterThan(100_000_000_000n);
    const { neurons } = await read(world(), await world().epoch());
    expect(neurons[3]?.incentive).toBeGreaterThan(neurons[4]?.incentive ?? 1);
    expect(neurons[1]?.validatorTrust).toBeGreaterThan(0.9);
    expect(neurons[2]?.validatorTrust).toBeLessThan(0.9);
    expect(neurons[1]?.dividends).toBeGreaterThan(0.5);
  });

  it('swaps a hotkey, which keeps its uid', async () => {
    const hash = await world().swapHotkey('three', 'three-new');
    const { neurons } = await read(world(), hash);
    expect(neurons[5]).toMatchObject({
      hotkey: world().hotkey('three-new').address,
      coldkey: world().coldkey('three').address,
    });
  });

  it('undoes a commitment in a reorg', async () => {
    const base = await world().commit('two', rawField('before'));
    const undone = await world().commit('two', rawField('after'));
    await world().node.setHead(base);
    const now = await world().node.newBlock();
    const textAt = async (hash: string): Promise<string | undefined> =>
      (await read(world(), hash)).commitments.find(({ hotkey }) => hotkey === world().hotkey('two').address)?.fields[0]
        ?.data;
    expect(await textAt(now)).toBe(text('before'));
    expect(await textAt(undone)).toBe(text('after'));
  });

  it('gives the uid of a replaced neuron to a newcomer', async () => {
    const before = await read(world(), await world().node.newBlock());
    const uid = await world().replace('newcomer');
    const after = await read(world(), await world().node.newBlock());
    expect(after.neurons).toHaveLength(before.neurons.length);
    expect(after.neurons[uid]?.hotkey).toBe(world().hotkey('newcomer').address);
    expect(after.neurons[uid]?.registeredAt).toBeGreaterThan(before.number);
  });
});
