import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '@assay/core/contracts/round-journal';
import { assertChain } from '@assay/core/journal/verify-chain';
import { makesNothing } from '@assay/core/testing/makes-nothing';
import plugin, { openJournal } from '@assay/plugin-libsql-journal';
import fc from 'fast-check';
import Database from 'libsql';
import { describe, expect, it } from 'vitest';
import { newFolder } from './processes.js';

const open = (folder: string) => openJournal({ folder, mode: 'write' });
const coded = (code: string): unknown => expect.objectContaining({ code });

/** A journal of three rounds, closed. */
async function threeRounds(): Promise<{ folder: string; file: string }> {
  const folder = newFolder();
  const journal = open(folder);
  for (const round of [1, 2, 3]) await journal.commit({ append: { entry: { round, who: 'alice' } } });
  await journal.close();
  return { folder, file: join(folder, 'journal.db') };
}

/** Works on the file behind the journal's back. */
function edit(file: string, sql: string): void {
  const database = new Database(file);
  database.exec(sql);
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
}

describe('commit', () => {
  it('appends a gapless chain and gives back what it recorded', async () => {
    const journal = open(newFolder());
    const first = await journal.commit({ append: { entry: { b: 1, a: [true, null, 'ä'] } } });
    const second = await journal.commit({ append: { entry: 'x' } });
    expect(first).toEqual({
      type: 'round',
      number: 1,
      position: 1,
      previousHash: '0'.repeat(64),
      // sha256sum of 64 zeros followed by {"a":[true,null,"ä"],"b":1}
      hash: '6cd452174449a63fd8e8d251cf77ad67e098f0ad0b8287c6f1f550f648e03998',
      entry: { a: [true, null, 'ä'], b: 1 },
    });
    expect(second).toMatchObject({ number: 2, previousHash: first?.hash });
    expect(journal.record(1)).toEqual(first);
    expect(journal.records(5)).toEqual([second, first]);
    expect(journal.head()).toEqual(second);
    expect(journal.record(3)).toBeUndefined();
    await journal.close();
  });

  it('signs the 32 bytes of the hash', async () => {
    const journal = open(newFolder());
    const asked: string[] = [];
    const sign = (hash: Uint8Array): Promise<Uint8Array> => {
      asked.push(Buffer.from(hash).toString('hex'));
      return Promise.resolve(new Uint8Array(64).fill(7));
    };
    const record = await journal.commit({ append: { entry: 1, sign } });
    expect(asked).toEqual([record?.hash]);
    expect(journal.head()?.signature).toBe(`0x${'07'.repeat(64)}`);
    await journal.close();
  });

  it('keeps nothing of a change that could not be signed', async () => {
    const journal = open(newFolder());
    const change = {
      append: { entry: 1, sign: () => Promise.reject(new Error('no key')) },
      put: [{ table: 't', key: 'k', value: 1 }],
    };
    await expect(journal.commit(change)).rejects.toThrow('no key');
    expect(journal.head()).toBeUndefined();
    expect(journal.get('t', 'k')).toBeUndefined();
    await expect(journal.commit({ append: { entry: 2 } })).resolves.toMatchObject({ number: 1 });
    await journal.close();
  });

  it('keeps the order of calls while a signature is waited for', async () => {
    const journal = open(newFolder());
    const slow = async (): Promise<Uint8Array> => new Promise((resolve) => setTimeout(resolve, 30, new Uint8Array(64)));
    const all = await Promise.all([
      journal.commit({ append: { entry: 'a', sign: slow }, put: [{ table: 't', key: 'k', value: 'a' }] }),
      journal.commit({ append: { entry: 'b' }, put: [{ table: 't', key: 'k', value: 'b' }] }),
      journal.commit({ put: [{ table: 't', key: 'k', value: 'c' }] }),
    ]);
    expect(all.map((record) => record?.entry)).toEqual(['a', 'b', undefined]);
    expect(journal.get('t', 'k')).toBe('c');
    await journal.close();
  });

  it('takes text that no canonical form holds', async () => {
    const journal = open(newFolder());
    await journal.commit({ append: { entry: { name: 'a\ud800b' } }, put: [{ table: 't', key: 'k', value: '\udfff' }] });
    expect(journal.head()?.entry).toEqual({ name: 'a\ufffdb' });
    expect(journal.get('t', 'k')).toBe('\ufffd');
    await journal.close();
  });

  it('refuses a number that is none, and keeps nothing of the change', async () => {
    const journal = open(newFolder());
    const change = { append: { entry: 1 }, put: [{ table: 't', key: 'k', value: Number.NaN }] };
    await expect(journal.commit(change)).rejects.toMatchObject({ code: 'JOURNAL_VALUE_INVALID', fault: 'validator' });
    expect(journal.head()).toBeUndefined();
    await journal.close();
  });
});

describe('tables', () => {
  it('list their rows in code-point order, overwrite and delete', async () => {
    const journal = open(newFolder());
    const keys = ['b', 'a', '\u{1f600}', '\uffff', 'B', ''];
    await journal.commit({ put: keys.map((key) => ({ table: 't', key, value: key })) });
    expect(journal.entries('t').map(({ key }) => key)).toEqual(['', 'B', 'a', 'b', '\uffff', '\u{1f600}']);
    await journal.commit({
      put: [
        { table: 't', key: 'a', value: 2 },
        { table: 't', key: 'b', value: undefined },
      ],
    });
    expect([journal.get('t', 'a'), journal.get('t', 'b'), journal.entries('u')]).toEqual([2, undefined, []]);
    await journal.close();
  });
});

describe('any sequence of commits', () => {
  it('makes a chain that verifies and is the same after opening again', async () => {
    const json = fc.json().map((text): Json => JSON.parse(text) as Json);
    const put = fc.record({ key: fc.string({ maxLength: 3 }), value: fc.option(json) });
    const change = fc.record({ entry: fc.option(json), put: fc.array(put, { maxLength: 3 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 6 }), async (changes) => {
        const folder = newFolder();
        const journal = open(folder);
        for (const { entry, put } of changes) {
          await journal.commit({
            ...(entry === null ? {} : { append: { entry } }),
            put: put.map(({ key, value }) => ({ table: 't', key, value: value ?? undefined })),
          });
        }
        const appended = changes.filter(({ entry }) => entry !== null).length;
        const [records, rows] = [journal.records(10), journal.entries('t')];
        await journal.close();
        const again = openJournal({ folder, mode: 'read' });
        expect(assertChain(again).records).toBe(appended);
        expect([again.records(10), again.entries('t')]).toEqual([records, rows]);
        await again.close();
      }),
      { numRuns: 15 },
    );
  });
});

describe('opening', () => {
  it('says that there is no journal yet to read', () => {
    const folder = newFolder();
    expect(() => openJournal({ folder, mode: 'read' })).toThrow(coded('JOURNAL_MISSING'));
    expect(() => openJournal({ folder: join(folder, 'none'), mode: 'read' })).toThrow(coded('JOURNAL_MISSING'));
    writeFileSync(join(folder, 'journal.db'), '');
    expect(() => openJournal({ folder, mode: 'read' })).toThrow(coded('JOURNAL_MISSING'));
  });

  it('refuses a journal of a newer schema and leaves it alone', async () => {
    const { folder, file } = await threeRounds();
    edit(file, 'PRAGMA user_version = 99');
    const before = readFileSync(file);
    for (const mode of ['write', 'read'] as const) {
      expect(() => openJournal({ folder, mode })).toThrow(coded('JOURNAL_NEWER'));
    }
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it.each([
    [
      'another program’s database',
      'JOURNAL_FOREIGN',
      (file: string) => {
        edit(file, 'CREATE TABLE other (x)');
      },
    ],
    [
      'no database',
      'JOURNAL_DAMAGED',
      (file: string) => {
        writeFileSync(file, 'once upon a time '.repeat(500));
      },
    ],
  ])('refuses a file that is %s', (_what, code, make) => {
    const folder = newFolder();
    make(join(folder, 'journal.db'));
    expect(() => open(folder)).toThrow(coded(code));
    // and has let go of the folder
    expect(() => open(folder)).toThrow(coded(code));
  });

  it('says so when the data folder can not be made', () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'file'), '');
    expect(() => open(join(folder, 'file'))).toThrow(
      expect.objectContaining({ code: 'DATA_FOLDER_UNUSABLE', fault: 'config' }),
    );
    mkdirSync(join(folder, 'journal.db'));
    expect(() => open(folder)).toThrow(expect.objectContaining({ code: 'JOURNAL_IO', fault: 'validator' }));
  });

  it('works through the plugin, with a file of its own', async () => {
    const folder = newFolder();
    const deps = {
      clock: { now: () => 0, sleep: () => Promise.resolve() },
      dataDir: folder,
      netuid: 9,
      modules: [],
      make: makesNothing,
      environment: {},
      log: () => undefined,
      resolvePath: (path: string) => join(folder, path),
      mode: 'write',
    } as const;
    const journal = await plugin.provides.journal?.create(
      { file: 'deep/rounds.db' },
      deps,
      new AbortController().signal,
    );
    await journal?.commit({ append: { entry: 1 } });
    await journal?.close();
    await journal?.close();
    expect(readFileSync(join(folder, 'deep', 'rounds.db')).length).toBeGreaterThan(0);
    await expect(journal?.commit({ append: { entry: 2 } })).rejects.toMatchObject({ code: 'JOURNAL_CLOSED' });
    expect(() => journal?.head()).toThrow(coded('JOURNAL_CLOSED'));
  });
});

describe('damage', () => {
  it('never comes through the database: a record is final', async () => {
    const { file } = await threeRounds();
    expect(() => {
      edit(file, `UPDATE records SET entry = '1' WHERE number = 2`);
    }).toThrow('a record is final');
    expect(() => {
      edit(file, 'DELETE FROM records');
    }).toThrow('a record is final');
  });

  it('of one byte in an older record is found by the check of the whole chain', async () => {
    const { folder, file } = await threeRounds();
    const bytes = readFileSync(file);
    const at = bytes.indexOf('"round":2');
    expect(at).toBeGreaterThan(0);
    bytes[at + 8] = '4'.charCodeAt(0);
    writeFileSync(file, bytes);
    const journal = open(folder);
    expect(() => assertChain(journal)).toThrow(
      expect.objectContaining({ code: 'JOURNAL_CHAIN_BROKEN', payload: { number: 2, broken: 'hash' } }),
    );
    await journal.close();
  });

  it('of one byte in the newest record is found at opening', async () => {
    const { folder, file } = await threeRounds();
    const bytes = readFileSync(file);
    bytes[bytes.indexOf('"round":3') + 8] = '4'.charCodeAt(0);
    writeFileSync(file, bytes);
    expect(() => open(folder)).toThrow(coded('JOURNAL_DAMAGED'));
  });

  it('of a missing record is found', async () => {
    const { folder, file } = await threeRounds();
    edit(file, 'DROP TRIGGER records_are_never_deleted; DELETE FROM records WHERE number = 1');
    const journal = open(folder);
    expect(() => assertChain(journal)).toThrow(coded('JOURNAL_CHAIN_BROKEN'));
    await journal.close();
  });
});
