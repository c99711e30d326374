import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { NewRecord } from '@assay/core/contracts/round-journal';
import { digestOf, partDigest } from '@assay/core/journal/hash';
import { assertChain } from '@assay/core/journal/verify-chain';
import { openJournal } from '@assay/plugin-libsql-journal';
import fc from 'fast-check';
import Database from 'libsql';
import { describe, expect, it } from 'vitest';
import { newFolder } from './processes.js';

const coded = (code: string): unknown => expect.objectContaining({ code });
const attached = (text: string): { digest: string; content: Buffer } => {
  const content = Buffer.from(text);
  return { digest: digestOf(content), content };
};

function edit(folder: string, sql: string): void {
  const database = new Database(join(folder, 'journal.db'));
  database.exec(sql);
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
}

describe('attachments', () => {
  it('come back as they were given, whether or not they pack well', async () => {
    const folder = newFolder();
    const journal = openJournal({ folder, mode: 'write' });
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.boolean(), async (bytes, isLong) => {
        const content = isLong ? new Uint8Array(5000).fill(bytes[0] ?? 0) : bytes;
        const digest = digestOf(content);
        await journal.commit({ append: { entry: { digest }, attachments: [{ digest, content }] } });
        expect(Buffer.from(journal.attachment(digest) ?? 'none').equals(content)).toBe(true);
      }),
      { numRuns: 30 },
    );
    await journal.close();
  });

  it.each([
    ['of other bytes', "UPDATE attachments SET content = x'00ff', packed = 0"],
    ['that does not unpack', "UPDATE attachments SET content = x'00ff', packed = 1"],
    [
      'of the bytes of another one',
      'UPDATE attachments SET content = (SELECT content FROM attachments ORDER BY newest DESC)',
    ],
  ])('damage %s is found when it is read, and the chain stays whole', async (_how, sql) => {
    const folder = newFolder();
    const [one, other] = [attached('losses '.repeat(99)), attached('other '.repeat(99))];
    const journal = openJournal({ folder, mode: 'write' });
    for (const { digest, content } of [one, other])
      await journal.commit({ append: { entry: { digest }, attachments: [{ digest, content }] } });
    await journal.close();
    edit(folder, sql);
    const again = openJournal({ folder, mode: 'write' });
    expect(() => again.attachment(one.digest)).toThrow(coded('JOURNAL_ATTACHMENT_DAMAGED'));
    expect(() => again.attachment(one.digest)).toThrow(expect.objectContaining({ fault: 'validator' }));
    expect(assertChain(again).records).toBe(2);
    // The next record that names it makes it good.
    await again.commit({ append: { entry: { again: one.digest }, attachments: [one] } });
    expect(Buffer.from(again.attachment(one.digest) ?? '')).toEqual(one.content);
    await again.close();
  });

  it('of rounds beyond those to be kept are dropped, but for what newer records name', async () => {
    const folder = newFolder();
    const journal = openJournal({ folder, keepRounds: 2, mode: 'write' });
    const [shared, part] = [attached('shared'), { limits: 1 }];
    const parts = [{ digest: partDigest(part), value: part }];
    for (const round of [1, 2, 3, 4]) {
      await journal.commit({ append: { entry: { type: 'claim', round } } });
      const own = attached(`losses ${round}`);
      await journal.commit({
        append: {
          entry: { own: own.digest },
          attachments: round === 3 ? [own, shared] : round === 1 ? [own, shared] : [own],
          parts,
        },
      });
    }
    const kept = [1, 2, 3, 4].map((round) => journal.attachment(attached(`losses ${round}`).digest) !== undefined);
    expect(kept).toEqual([false, false, true, true]);
    expect(journal.attachment(shared.digest)).toBeDefined();
    expect(journal.part(partDigest(part))).toEqual(part);
    expect(assertChain(journal)).toMatchObject({ records: 8, counts: { round: 4, claim: 4, submission: 0 } });
    await journal.close();
  });
});

describe('shared parts', () => {
  it('are stored once, and one that was damaged is found and made good by the next record that names it', async () => {
    const folder = newFolder();
    const value = { limits: { maxBytes: 5 } };
    const append: NewRecord = { entry: { limits: partDigest(value) }, parts: [{ digest: partDigest(value), value }] };
    const journal = openJournal({ folder, mode: 'write' });
    for (const round of [1, 2, 3]) expect(await journal.commit({ append })).toMatchObject({ number: round });
    await journal.close();
    const database = new Database(join(folder, 'journal.db'));
    expect(database.prepare('SELECT count(*) AS parts FROM parts').get()).toMatchObject({ parts: 1 });
    database.close();
    edit(folder, `UPDATE parts SET value = '{"limits":{"maxBytes":6}}'`);
    const again = openJournal({ folder, mode: 'write' });
    expect(() => again.part(partDigest(value))).toThrow(coded('JOURNAL_ATTACHMENT_DAMAGED'));
    await again.commit({ append });
    expect(again.part(partDigest(value))).toEqual(value);
    await again.close();
  });
});

describe('records of several types', () => {
  it('are one chain, numbered within their type', async () => {
    const folder = newFolder();
    const journal = openJournal({ folder, mode: 'write' });
    const entries = ['round', 'claim', 'claim', 'submission', 'round'].map((type, of) => ({ type, of }));
    for (const entry of entries) await journal.commit({ append: { entry } });
    const all = [...journal.chain()];
    expect(all.map(({ type, number, position }) => [type, number, position])).toEqual([
      ['round', 1, 1],
      ['claim', 1, 2],
      ['claim', 2, 3],
      ['submission', 1, 4],
      ['round', 2, 5],
    ]);
    expect(journal.head()).toEqual(all[4]);
    expect(journal.head('claim')).toEqual(all[2]);
    expect(journal.records(9, 'claim')).toEqual([all[2], all[1]]);
    expect(journal.record(1, 'submission')).toEqual(all[3]);
    expect(journal.record(2, 'submission')).toBeUndefined();
    await journal.close();
  });

  it('with a key that is on record are not appended again, and the rows are written', async () => {
    const folder = newFolder();
    const claim = (row: number) => ({
      append: { entry: { type: 'claim', row }, once: 'alice/5' },
      put: [{ table: 't', key: 'k', value: row }],
    });
    const journal = openJournal({ folder, mode: 'write' });
    expect(await journal.commit(claim(1))).toMatchObject({ type: 'claim', number: 1 });
    await journal.close();
    const again = openJournal({ folder, mode: 'write' });
    expect(await again.commit(claim(2))).toBeUndefined();
    expect([again.get('t', 'k'), again.records(9, 'claim').length]).toEqual([2, 1]);
    await again.close();
  });

  it('that the index hides are missed', async () => {
    const folder = newFolder();
    const journal = openJournal({ folder, mode: 'write' });
    for (const round of [1, 2, 3]) await journal.commit({ append: { entry: round } });
    await journal.close();
    edit(folder, "DROP TRIGGER records_are_never_changed; UPDATE records SET type = 'claim' WHERE number = 2");
    const again = openJournal({ folder, mode: 'read' });
    expect(() => again.record(2)).toThrow(coded('JOURNAL_DAMAGED'));
    expect(() => assertChain(again)).toThrow(coded('JOURNAL_CHAIN_BROKEN'));
    await again.close();
  });
});

describe('a journal of version 0.1', () => {
  const FIXTURE = join(import.meta.dirname, '..', '..', 'fixtures', 'journal-0.1');

  function copy(): string {
    const folder = newFolder();
    mkdirSync(folder, { recursive: true });
    for (const name of ['journal.db', 'lock.json']) copyFileSync(join(FIXTURE, name), join(folder, name));
    return folder;
  }

  it.each(['read', 'write'] as const)('opens to %s, and all of its records are rounds', async (mode) => {
    const journal = openJournal({ folder: copy(), mode });
    expect(assertChain(journal)).toMatchObject({ records: 8, counts: { round: 8, claim: 0, submission: 0 } });
    expect([journal.head()?.number, journal.head('claim')]).toEqual([8, undefined]);
    expect(journal.records(3).map(({ number }) => number)).toEqual([8, 7, 6]);
    expect([journal.attachment('00'.repeat(32)), journal.part('00'.repeat(32))]).toEqual([undefined, undefined]);
    await journal.close();
  });

  it('is gone on with', async () => {
    const journal = openJournal({ folder: copy(), mode: 'write' });
    expect(await journal.commit({ append: { entry: { type: 'claim' } } })).toMatchObject({ number: 1, position: 9 });
    expect(await journal.commit({ append: { entry: 'next' } })).toMatchObject({
      type: 'round',
      number: 9,
      position: 10,
    });
    expect(assertChain(journal).records).toBe(10);
    expect(await journal.dropDamaged()).toEqual([]);
    await journal.close();
  });
});
