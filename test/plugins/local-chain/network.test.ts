import { readFileSync, writeFileSync } from 'node:fs';
import { asBlockNumber } from '@assay/core/contracts/brands';
import { localBlockHash, LocalNetwork } from '@assay/plugin-local-chain';
import Database from 'libsql';
import { describe, expect, it } from 'vitest';
import { GENESIS, newFile, newNetwork } from './networks.js';

const coded = (code: string): unknown => expect.objectContaining({ code });

describe('a network', () => {
  it('starts from its genesis', async () => {
    const network = await newNetwork();
    const { neurons, commitments, weights, parameters, at, netuid } = network.snapshot();
    expect([netuid, at]).toEqual([9, { number: 1000, hash: localBlockHash('test', 1000) }]);
    expect(at.hash).toMatch(/^0x[0-9a-f]{64}$/);
    expect(
      neurons.map(({ uid, stake, validatorPermit, registeredAt, lastUpdate }) => [
        uid,
        stake,
        validatorPermit,
        registeredAt,
        lastUpdate,
      ]),
    ).toEqual([
      [0, 5_000_000_000_000n, true, 10, 10],
      [1, 1_000_000_000_000n, true, 10, 10],
      [2, 0n, false, 20, 20],
      [3, 1_000_000_000_000n, false, 30, 30],
      [4, 0n, false, 40, 40],
    ]);
    expect(neurons[1]).toMatchObject({ incentive: 0.5, dividends: 0.25, validatorTrust: 1 });
    // The commitment of a hotkey that is not registered is on the chain, and left out.
    expect(commitments).toEqual([
      { hotkey: neurons[2]?.hotkey, data: 'a:model:0123:hash:1', block: 500 },
      { hotkey: neurons[3]?.hotkey, data: 'ab', block: 501 },
    ]);
    expect([...weights]).toEqual([
      [
        1,
        [
          [2, 65_535],
          [3, 13_107],
        ],
      ],
    ]);
    expect(parameters).toEqual({
      tempo: 360,
      weightsRateLimit: 100,
      weightsVersionKey: 5n,
      minAllowedWeights: 2,
      maxUids: 6,
      stakeThreshold: 1_000_000_000_000n,
      commitRevealEnabled: false,
      revealPeriodEpochs: 1,
      immunityPeriod: 4096,
      activityCutoff: 5000,
      consensus: 'yuma',
    });
    network.close();
  });

  it('derives the addresses that everybody derives from the development phrase', async () => {
    const network = await newNetwork({
      neurons: [
        { uid: 0, derivation: '//Alice' },
        { uid: 1, name: 'Bob' },
      ],
      commitments: [],
      weights: [],
    });
    // The two best-known addresses of Substrate's development keys.
    expect(network.snapshot().neurons.map(({ hotkey }) => hotkey)).toEqual([
      '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY',
      '5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty',
    ]);
    network.close();
  });

  it('goes on where its genesis is found again, and is refused to another one', async () => {
    const file = newFile();
    const first = await LocalNetwork.create(file, GENESIS);
    first.advance(7);
    first.close();
    const again = await LocalNetwork.create(file, GENESIS);
    expect(again.head().number).toBe(1007);
    again.close();
    await expect(LocalNetwork.create(file, { ...GENESIS, seed: 'other' })).rejects.toMatchObject({
      code: 'NETWORK_DIFFERENT',
      fault: 'config',
      hint: expect.stringContaining(file) as string,
    });
  });

  it.each([
    [
      'a uid twice',
      {
        neurons: [
          { uid: 0, name: 'a' },
          { uid: 0, name: 'b' },
        ],
      },
    ],
    [
      'a name twice',
      {
        neurons: [
          { uid: 0, name: 'a' },
          { uid: 1, name: 'a' },
        ],
      },
    ],
    [
      'a key twice',
      {
        neurons: [
          { uid: 0, name: 'a' },
          { uid: 1, name: 'b', derivation: '//a' },
        ],
      },
    ],
    ['a uid beyond the subnet', { neurons: [{ uid: 6, name: 'a' }] }],
    ['a neuron without a key', { neurons: [{ uid: 0 }] }],
    [
      'an address of another format',
      { neurons: [{ uid: 0, hotkey: '15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5' }] },
    ],
    [
      'an address with a typing error',
      { neurons: [{ uid: 0, hotkey: '5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694tx' }] },
    ],
    ['a commitment of nobody', { commitments: [{ who: 'carol', data: '', block: 1 }] }],
    ['a commitment of the future', { commitments: [{ who: 2, data: '', block: 1001 }] }],
    ['an unknown member', { blocktime: 1 }],
  ])('is refused for %s', async (_what, change) => {
    const file = newFile();
    await expect(LocalNetwork.create(file, { ...GENESIS, ...change })).rejects.toMatchObject({
      code: 'GENESIS_INVALID',
      fault: 'config',
    });
    // and the file can still become a network
    (await LocalNetwork.create(file, GENESIS)).close();
  });
});

describe('a file', () => {
  it('that is missing, foreign, newer or damaged is refused', async () => {
    const [missing, foreign, newer, text, torn] = [newFile(), newFile(), newFile(), newFile(), newFile()] as const;
    sql(foreign, 'CREATE TABLE other (x)');
    writeFileSync(text, 'no database '.repeat(1000));
    for (const file of [newer, torn]) (await LocalNetwork.create(file, GENESIS)).close();
    sql(newer, 'PRAGMA user_version = 99');
    sql(torn, `UPDATE network SET hyperparameters = '{'`);
    expect(() => LocalNetwork.open(missing, 'read')).toThrow(coded('NETWORK_MISSING'));
    expect(() => LocalNetwork.open(foreign, 'write')).toThrow(coded('NETWORK_FOREIGN'));
    expect(() => LocalNetwork.open(newer, 'read')).toThrow(coded('NETWORK_NEWER'));
    expect(() => LocalNetwork.open(text, 'read')).toThrow(coded('NETWORK_DAMAGED'));
    expect(() => LocalNetwork.open(torn, 'read').head()).toThrow(coded('NETWORK_DAMAGED'));
    expect(() => LocalNetwork.open('/proc/none/chain.db', 'read')).toThrow(coded('NETWORK_MISSING'));
    await expect(LocalNetwork.create(foreign, GENESIS)).rejects.toMatchObject({ code: 'NETWORK_FOREIGN' });
    expect(readFileSync(text, 'utf8')).toBe('no database '.repeat(1000));
  });
});

describe('blocks', () => {
  it('have hashes that depend on seed and number only', async () => {
    const [one, two] = await Promise.all([newNetwork(), newNetwork()]);
    one.advance(50);
    expect(one.head().number).toBe(1050);
    expect(one.blockHash(1000)).toBe(two.blockHash(1000));
    expect(one.blockHash(0)).not.toBe(one.blockHash(1));
    expect(new Set(Array.from({ length: 1051 }, (_, block) => one.blockHash(block))).size).toBe(1051);
    for (const block of [1051, -1, 0.5]) expect(() => one.blockHash(block)).toThrow(coded('BLOCK_UNKNOWN'));
    one.close();
    two.close();
  });

  it('each hold one state: a change has a block of its own', async () => {
    const network = await newNetwork();
    const before = network.head();
    network.advance(3);
    expect(network.snapshot(before)).toEqual({ ...network.snapshot(), at: before });
    const changed = network.setCommitment('bob', 'new');
    expect(changed.number).toBe(1004);
    expect(network.snapshot(changed).commitments[1]).toMatchObject({ data: 'new', block: 1004 });
    expect(() => network.snapshot(before)).toThrow(coded('STATE_DISCARDED'));
    expect(() => network.snapshot({ ...changed, hash: before.hash })).toThrow(coded('BLOCK_UNKNOWN'));
    expect(() => network.snapshot({ number: asBlockNumber(1005), hash: localBlockHash('test', 1005) })).toThrow(
      coded('BLOCK_UNKNOWN'),
    );
    expect(network.blockHash(before.number)).toBe(before.hash);
    network.close();
  });
});

describe('commitments', () => {
  it('hold 128 bytes, of registered hotkeys, the newest only', async () => {
    const network = await newNetwork();
    network.setCommitment('alice', 'é'.repeat(64));
    expect(network.snapshot().commitments[0]?.data).toBe('é'.repeat(64));
    expect(() => network.setCommitment('alice', 'é'.repeat(64) + 'x')).toThrow(coded('COMMITMENT_TOO_LONG'));
    expect(() => network.setCommitment('5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY', 'x')).toThrow(
      coded('AccountNotAllowedCommit'),
    );
    expect(() => network.setCommitment(5, 'x')).toThrow(coded('UID_UNKNOWN'));
    expect(network.head().number).toBe(1001);
    network.close();
  });

  // Expected values are those of CPython's bytes.decode('utf-8', errors='ignore').
  it.each([
    ['61ff62', 'ab'],
    ['f09f98', ''],
    ['61f09f9880', 'a\u{1f600}'],
    ['efbfbd61ff', '\ufffda'],
    ['f0efbfbd', '\ufffd'],
    ['c0af', ''],
    ['eda08061', 'a'],
    ['efbbbf61', '\ufeff' + 'a'],
    ['e28261', 'a'],
    ['f4908080', ''],
    ['00610a', '\u0000a\n'],
  ])('of bytes %s read %j', async (hex, text) => {
    const network = await newNetwork({ commitments: [{ who: 2, hex, block: 1 }] });
    expect(network.snapshot().commitments[0]?.data).toBe(text);
    network.close();
  });
});

describe('registration', () => {
  it('takes the lowest free uid, or another one over', async () => {
    const network = await newNetwork();
    const carol = await network.registerNeuron({ name: 'carol', stake: 7n });
    expect(carol.uid).toBe(5);
    await expect(network.registerNeuron({ name: 'dave' })).rejects.toMatchObject({ code: 'SUBNET_FULL' });
    await expect(network.registerNeuron({ derivation: '//carol' })).rejects.toMatchObject({
      code: 'ALREADY_REGISTERED',
    });
    await expect(network.registerNeuron({ name: 'carol', derivation: '//x' }, 2)).rejects.toMatchObject({
      code: 'GENESIS_INVALID',
    });
    const before = network.snapshot();
    const dave = await network.registerNeuron({ name: 'dave' }, 2);
    const { neurons, commitments, at } = network.snapshot();
    expect(neurons[2]).toMatchObject({
      uid: 2,
      hotkey: dave.hotkey,
      registeredAt: at.number,
      lastUpdate: at.number,
      stake: 0n,
    });
    expect(commitments.map(({ hotkey }) => hotkey)).toEqual([before.commitments[1]?.hotkey]);
    // Who comes back finds its commitment where the chain kept it.
    await network.registerNeuron({ name: 'alice', derivation: '//miner/1' }, 5);
    expect(network.snapshot().commitments[1]).toEqual(before.commitments[0]);
    network.close();
  });

  it('ends with its weights', async () => {
    const network = await newNetwork();
    network.deregister(1);
    expect([...network.snapshot().weights]).toEqual([]);
    expect(network.snapshot().neurons.map(({ uid }) => uid)).toEqual([0, 2, 3, 4]);
    expect(() => {
      network.deregister(1);
    }).toThrow(coded('UID_UNKNOWN'));
    network.close();
  });
});

function sql(file: string, text: string): void {
  const database = new Database(file);
  database.exec(text);
  database.close();
}
