import { deriveHotkey } from '@assay/lib-sr25519';
import { asUid } from '@assay/core/contracts/brands';
import { LocalNetwork, type GenesisInput } from '@assay/plugin-local-chain';
import Database from 'libsql';
import { describe, expect, it } from 'vitest';
import { GENESIS, newFile, newNetwork } from './networks.js';

const coded = (code: string): unknown => expect.objectContaining({ code });
const STRANGER = '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY';

describe('a timelocked commitment', () => {
  it('stands in the slot until its block, and is revealed in it', async () => {
    const network = await newNetwork({ commitments: [] });
    const at = network.setTimelocked('alice', 'sealed', 1010);
    const hotkey = await deriveHotkey('//miner/1');
    network.advance(8);
    const sealed = network.snapshot();
    expect(sealed.at.number).toBe(1009);
    expect([sealed.commitments, sealed.revealed]).toEqual([[], []]);
    expect(sealed.unreadable).toEqual([
      { hotkey, block: at.number, kind: 'timelocked', detail: 'opens at block 1010' },
    ]);
    network.advance(500);
    const open = network.snapshot();
    expect([open.commitments, open.unreadable]).toEqual([[], []]);
    expect(open.revealed).toEqual([{ hotkey, data: 'sealed', block: 1010 }]);
    expect(() => network.snapshot(sealed.at)).toThrow(coded('STATE_DISCARDED'));
    network.close();
  });

  it('opens in the block after it where its block has passed, also by a change', async () => {
    const network = await newNetwork({ commitments: [] });
    network.setTimelocked('alice', 'late', 5);
    network.setCommitment('bob', 'a change of its own');
    expect(network.snapshot().revealed).toMatchObject([{ data: 'late', block: 1002 }]);
    network.close();
  });

  it('is overwritten by a plain one, and overwrites a plain one', async () => {
    const network = await newNetwork();
    network.setTimelocked('alice', 'never read', 1010);
    expect(network.snapshot().commitments.map(({ data }) => data)).toEqual(['ab']);
    network.setCommitment('alice', 'plain');
    network.advance(100);
    const { commitments, revealed, unreadable } = network.snapshot();
    expect(commitments.map(({ data }) => data)).toEqual(['plain', 'ab']);
    expect([revealed, unreadable]).toEqual([[], []]);
    network.close();
  });

  it('holds 1,024 bytes, and a plain one 128', async () => {
    const network = await newNetwork();
    network.setTimelocked('alice', 'x'.repeat(1024), 1010);
    expect(() => network.setTimelocked('alice', 'x'.repeat(1025), 1010)).toThrow(coded('COMMITMENT_TOO_LONG'));
    network.advance(20);
    expect(network.snapshot().revealed[0]?.data).toBe('x'.repeat(1024));
    network.close();
  });
});

describe('revealed commitments', () => {
  it('are the last ten of each hotkey, the oldest first, and stay with a hotkey that leaves', async () => {
    const network = await newNetwork({ commitments: [] });
    for (let count = 0; count < 12; count += 1) {
      network.setTimelocked('alice', `alice ${count}`, 0);
      network.setTimelocked('bob', `bob ${count}`, 0);
    }
    network.advance(1);
    const dataOf = (): string[] => network.snapshot().revealed.map(({ data }) => data);
    const lastTen = (name: string): string[] => Array.from({ length: 10 }, (_, index) => `${name} ${index + 2}`);
    expect(dataOf()).toEqual([...lastTen('alice'), ...lastTen('bob')]);
    network.deregister(2);
    expect(dataOf()).toEqual(lastTen('bob'));
    await network.registerNeuron({ derivation: '//miner/1' });
    expect(dataOf()).toEqual([...lastTen('alice'), ...lastTen('bob')]);
    network.close();
  });

  it('and commitments without a text come from the genesis as well', async () => {
    const network = await newNetwork({
      commitments: [
        { who: 'alice', data: 'sealed', block: 900, opens: 1003 },
        { who: 3, kind: 'reveal-failed', block: 901 },
      ],
      revealed: [{ who: 'bob', data: 'open', block: 800 }],
    });
    const kinds = (): string[] => network.snapshot().unreadable.map(({ kind }) => kind);
    expect(kinds()).toEqual(['timelocked', 'reveal-failed']);
    network.advance(3);
    expect(kinds()).toEqual(['reveal-failed']);
    expect(network.snapshot().revealed.map(({ data, block }) => [data, block])).toEqual([
      ['sealed', 1003],
      ['open', 800],
    ]);
    network.close();
  });

  it.each([
    ['a text and a kind', { commitments: [{ who: 2, data: '', kind: 'empty', block: 1 }] }],
    ['a kind that opens', { commitments: [{ who: 2, kind: 'hash', block: 1, opens: 2000 }] }],
    ['one that is open already', { commitments: [{ who: 2, data: '', block: 1, opens: 1000 }] }],
    ['a reveal of the future', { revealed: [{ who: 2, data: '', block: 1001 }] }],
    ['a reveal of nobody', { revealed: [{ who: 'nobody', data: '', block: 1 }] }],
    ['an owner that is none', { hyperparameters: { ...GENESIS.hyperparameters, ownerHotkey: 'nobody' } }],
  ] as const)('are refused for %s', async (_what, change) => {
    await expect(
      LocalNetwork.create(newFile(), { ...GENESIS, ...structuredClone(change) } as never),
    ).rejects.toMatchObject({
      code: 'GENESIS_INVALID',
    });
  });
});

describe('hotkeys', () => {
  it('can be swapped: all stays but the hotkey and what it had committed', async () => {
    const network = await newNetwork();
    const before = network.snapshot();
    const hotkey = await network.swapHotkey(2, { name: 'alice-2' });
    const after = network.snapshot();
    expect(hotkey).toBe(await deriveHotkey('//alice-2'));
    expect(after.neurons[2]).toEqual({ ...before.neurons[2], hotkey });
    expect(after.commitments.map(({ data }) => data)).toEqual(['ab']);
    await expect(network.swapHotkey(2, { name: 'bob' })).rejects.toMatchObject({ code: 'ALREADY_REGISTERED' });
    await expect(network.swapHotkey(5, { name: 'new' })).rejects.toMatchObject({ code: 'UID_UNKNOWN' });
    network.close();
  });

  it('of the owner are that of its uid, or any other', async () => {
    const network = await newNetwork();
    expect(network.snapshot().ownerHotkey).toBe(await deriveHotkey('//validator'));
    network.setHyperparameters({ ownerUid: 3 });
    expect(network.snapshot().ownerHotkey).toBe(await deriveHotkey('//bob'));
    await network.setOwner(STRANGER);
    expect(network.snapshot().ownerHotkey).toBe(STRANGER);
    await expect(network.setOwner('nobody')).rejects.toMatchObject({ code: 'GENESIS_INVALID' });
    network.close();
    const named = await newNetwork({ hyperparameters: { ...GENESIS.hyperparameters, ownerHotkey: STRANGER } });
    expect(named.snapshot().ownerHotkey).toBe(STRANGER);
    named.close();
  });
});

/** What each schema has added to the one before it, taken off again. */
const WITHOUT = [
  `DROP TABLE submissions; ALTER TABLE network DROP COLUMN epoch_index; ALTER TABLE network DROP COLUMN inclusion_delay;
   PRAGMA user_version = 2`,
  `DROP TABLE revealed; ALTER TABLE commitments DROP COLUMN kind; ALTER TABLE commitments DROP COLUMN opens;
   ALTER TABLE network DROP COLUMN last_epoch; PRAGMA user_version = 1`,
];

/** A network as the versions before this one have written it: so many schemas older. */
async function oldFile(older: number, genesis: GenesisInput = GENESIS): Promise<string> {
  const file = newFile();
  (await LocalNetwork.create(file, genesis)).close();
  const database = new Database(file);
  for (const step of WITHOUT.slice(0, older)) database.exec(step);
  database.close();
  return file;
}

describe('a file of the second schema', () => {
  it('answers a reader that no submission is known, and takes weights from a writer', async () => {
    const file = await oldFile(1, { ...GENESIS, commitments: [] });
    const reader = LocalNetwork.open(file, 'read');
    const ticket = { id: '7b3c6f0e-5a53-4f83-9d0c-8a4a1f1d9a11', lastBlock: 1010 };
    const before = reader.snapshot();
    expect(reader.submissions.fate(ticket)).toEqual({ status: 'open', lastBlock: 1010 });
    const writer = LocalNetwork.open(file, 'write');
    expect(writer.snapshot()).toEqual(before);
    const hotkeys = before.neurons.slice(2, 4).map(({ hotkey }) => hotkey);
    const submission = { uids: [asUid(2), asUid(3)], hotkeys, weights: [1, 1], versionKey: 5n };
    expect(writer.submissions.send(ticket, before.neurons[0]?.hotkey ?? '', submission)).toBe(true);
    // The reader has it open all the time.
    expect(reader.submissions.fate(ticket)).toMatchObject({ status: 'set', at: { number: 1001 } });
    reader.close();
    writer.close();
  });
});

describe('a file of the first schema', () => {
  it('still answers a reader, and becomes one of this version for a writer', async () => {
    const file = await oldFile(2);
    const reader = LocalNetwork.open(file, 'read');
    const before = reader.snapshot();
    expect([before.nextEpoch, before.revealed, before.unreadable]).toEqual([null, [], []]);
    expect(before.commitments.map(({ data }) => data)).toEqual(['a:model:0123:hash:1', 'ab']);
    const writer = LocalNetwork.open(file, 'write');
    expect(writer.snapshot()).toEqual({ ...before, nextEpoch: 1360 });
    writer.setTimelocked('alice', 'sealed', 0);
    writer.advance(1);
    // The reader has it open all the time.
    expect(reader.snapshot()).toEqual(writer.snapshot());
    expect(reader.snapshot().revealed.map(({ data }) => data)).toEqual(['sealed']);
    reader.close();
    writer.close();
  });

  it('is still the network of its genesis', async () => {
    const file = await oldFile(2);
    const network = await LocalNetwork.create(file, GENESIS);
    expect(network.snapshot().nextEpoch).toBe(1360);
    network.close();
    const database = new Database(file);
    const row = database.prepare('SELECT genesis_digest FROM network').get() as { genesis_digest: string };
    // The digest that the version before this one gives this genesis.
    expect(row.genesis_digest).toBe('788a96f2d21c6d90e542182fc1531a2641a32fadb9a9637968cfc234438eb1ee');
    database.close();
  });
});
