import { join } from 'node:path';
import { digestOf } from '@assay/core/journal/hash';
import { assertChain } from '@assay/core/journal/verify-chain';
import { FolderLock } from '@assay/plugin-libsql-journal/dist/folder-lock.js';
import { LibsqlJournal } from '@assay/plugin-libsql-journal/dist/libsql-journal.js';
import { openForWriting } from '@assay/plugin-libsql-journal/dist/open-journal.js';
import { expect, it } from 'vitest';
import { newFolder } from './processes.js';

it('keeps nothing of a change that finds the disk full, and goes on when there is room again', async () => {
  const folder = newFolder();
  const file = join(folder, 'journal.db');
  const database = openForWriting(file);
  const journal = new LibsqlJournal({ file }, { database, lock: FolderLock.take(folder) });
  await journal.commit({ append: { entry: 'small' }, put: [{ table: 't', key: 'k', value: 'before' }] });
  // SQLite itself runs out of pages, as it does on a full disk.
  database.exec('PRAGMA max_page_count = 18');
  const content = Buffer.from('losses of the large round');
  const large = {
    append: { entry: 'x'.repeat(100_000), attachments: [{ digest: digestOf(content), content }] },
    put: [{ table: 't', key: 'k', value: 'after' }],
  };
  await expect(journal.commit(large)).rejects.toMatchObject({
    code: 'JOURNAL_DISK_FULL',
    fault: 'validator',
    retry: 'backoff',
  });
  expect(journal.head()).toMatchObject({ number: 1, entry: 'small' });
  expect(journal.get('t', 'k')).toBe('before');
  expect(journal.attachment(digestOf(content))).toBeUndefined();
  database.exec('PRAGMA max_page_count = 100000');
  await expect(journal.commit(large)).resolves.toMatchObject({ number: 2 });
  expect(assertChain(journal).records).toBe(2);
  await journal.close();
});

it('writes so that a commit survives a loss of power, and readers go on meanwhile', () => {
  const database = openForWriting(join(newFolder(), 'journal.db'));
  // 2 is FULL: the log is on the disk before a commit returns.
  expect(database.prepare('PRAGMA synchronous').all()).toEqual([{ synchronous: 2 }]);
  expect(database.prepare('PRAGMA journal_mode').all()).toEqual([{ journal_mode: 'wal' }]);
  database.close();
});
