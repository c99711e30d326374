import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { splitEntry } from '@assay/core/journal/stored-entry';
import { verifyJournal, type JournalReport } from '@assay/core/journal/verify-journal';
import { asJson } from '@assay/core/runtime/derived-rows';
import { openJournal } from '@assay/plugin-libsql-journal';
import Database from 'libsql';
import { describe, expect, it } from 'vitest';
import { newFolder } from '../../plugins/libsql-journal/processes.js';

/** A signature is the signed bytes twice: enough to tell whose it is not. */
const sign = (message: Uint8Array): Promise<Uint8Array> => Promise.resolve(Buffer.concat([message, message]));
const verify = (message: Uint8Array, signature: Uint8Array): Promise<boolean> =>
  Promise.resolve(Buffer.concat([message, message]).equals(signature));

/** Two rounds that share their rules, and a claim between them. */
async function journalOf(): Promise<string> {
  const folder = newFolder();
  const journal = openJournal({ folder, mode: 'write' });
  for (const number of [1, 2]) {
    const tasks = [{ losses: [number, 0.5] }];
    const { entry, attachments, parts } = splitEntry('round', {
      hotkey: 'validator',
      rules: { alpha: 0.5 },
      contenders: [{ outcome: { tasks } }],
    });
    await journal.commit({ append: { entry: asJson(entry), attachments, parts, sign } });
    if (number === 1) await journal.commit({ append: { entry: { type: 'claim', hotkey: 'validator' }, sign } });
  }
  await journal.close();
  return folder;
}

async function verified(folder: string, ...edits: string[]): Promise<JournalReport> {
  const database = new Database(join(folder, 'journal.db'));
  for (const sql of edits) database.exec(sql);
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
  const journal = openJournal({ folder, mode: 'read' });
  try {
    return await verifyJournal(journal, verify);
  } finally {
    await journal.close();
  }
}

const FREE = 'DROP TRIGGER records_are_never_changed';

describe('verifyJournal', () => {
  it('finds nothing wrong with a whole journal, and counts what it checked', async () => {
    expect(await verified(await journalOf())).toMatchObject({
      intact: true,
      records: 3,
      counts: { round: 2, claim: 1, submission: 0 },
      signatures: { genuine: 3, unsigned: 0 },
      attachments: { checked: 2, dropped: 0 },
      // The rules, and the model of both contenders, which is empty here.
      parts: { checked: 2 },
      problems: [],
    });
  });

  it.each([
    [
      'an entry',
      [FREE, `UPDATE records SET entry = replace(entry, 'validator', 'validatos') WHERE number = 2`],
      ['claim', 1, 'JOURNAL_CHAIN_BROKEN'],
    ],
    [
      'a signature',
      [FREE, `UPDATE records SET signature = replace(signature, '0', '1') WHERE number = 1`],
      ['round', 1, 'JOURNAL_EXPORT_SIGNATURE'],
    ],
    [
      'an attachment',
      ["UPDATE attachments SET content = x'00', packed = 0 WHERE newest = 3"],
      ['round', 2, 'JOURNAL_ATTACHMENT_DAMAGED'],
    ],
    [
      'a part',
      [`UPDATE parts SET value = '{"alpha":0.6}' WHERE value LIKE '%alpha%'`],
      ['round', 1, 'JOURNAL_ATTACHMENT_DAMAGED'],
    ],
    [
      'text that is no UTF-8',
      [FREE, "UPDATE records SET entry = CAST(x'22ff22' AS TEXT) WHERE number = 1"],
      [null, null, 'JOURNAL_DAMAGED'],
    ],
  ])('finds %s that was changed', async (_what, edits, [type, number, code]) => {
    const report = await verified(await journalOf(), ...edits);
    expect(report.intact).toBe(false);
    expect(report.problems).toMatchObject([{ type, number, code }]);
  });

  it('finds a part that is gone; an attachment that is gone was dropped', async () => {
    const report = await verified(await journalOf(), 'DELETE FROM parts', 'DELETE FROM attachments');
    expect(report.problems.map(({ code }) => code)).toEqual(['JOURNAL_PART_MISSING', 'JOURNAL_PART_MISSING']);
    expect(report.attachments).toEqual({ checked: 0, dropped: 2 });
  });

  it('counts what nobody has signed', async () => {
    const report = await verified(await journalOf(), FREE, 'UPDATE records SET signature = NULL WHERE number = 3');
    expect([report.intact, report.signatures]).toEqual([true, { genuine: 2, unsigned: 1 }]);
  });

  it('is refused by a journal whose newest records are gone', async () => {
    const folder = await journalOf();
    const damaged = verified(folder, 'DROP TRIGGER records_are_never_deleted', 'DELETE FROM records WHERE number = 3');
    await expect(damaged).rejects.toMatchObject({ code: 'JOURNAL_DAMAGED' });
  });

  it('takes a journal of version 0.1 as it is', async () => {
    const folder = newFolder();
    const fixture = join(import.meta.dirname, '..', '..', 'fixtures', 'journal-0.1');
    for (const name of ['journal.db', 'lock.json']) copyFileSync(join(fixture, name), join(folder, name));
    const journal = openJournal({ folder, mode: 'read' });
    const report = await verifyJournal(journal, () => Promise.resolve(true));
    expect(report).toMatchObject({ intact: true, counts: { round: 8 }, signatures: { genuine: 8, unsigned: 0 } });
    await journal.close();
  });
});
