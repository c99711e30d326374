import { definePlugin } from '@assay/core/plugin/plugin';
import type { JournalOpenMode } from '@assay/core/contracts/round-journal';
import type { PluginDeps } from '@assay/core/plugin/plugin';
import { join } from 'node:path';
import { z } from 'zod';
import { FolderLock } from './folder-lock.js';
import { LibsqlJournal } from './libsql-journal.js';
import { isEmptyFile, openForReading, openForWriting, type OpenedJournal } from './open-journal.js';
import { libsqlJournalErrors } from './errors.js';

const options = z.strictObject({
  file: z.string().min(1).optional().describe("The journal's file; `journal.db` in the data folder when left out."),
  keepRounds: z
    .number()
    .int()
    .positive()
    .optional()
    .describe(
      'Rounds whose attachments (losses, pages) are kept; all of them when left out. The chain keeps every record.',
    ),
});
type Options = z.infer<typeof options>;

/**
 * Opens the journal of a data folder: as its one writer, or beside it for reading. The newest record is checked here,
 * the whole chain by `assertChain`.
 *
 * @throws DATA_FOLDER_LOCKED, JOURNAL_MISSING, JOURNAL_LOST, JOURNAL_BEHIND, JOURNAL_DAMAGED, JOURNAL_NEWER and the like
 */
export function openJournal({
  file: given,
  keepRounds,
  folder,
  mode,
}: { file?: string | undefined; keepRounds?: number | undefined; folder: string } & JournalOpenMode): LibsqlJournal {
  const file = given ?? join(folder, 'journal.db');
  const lock = mode === 'write' ? FolderLock.take(folder) : undefined;
  let opened: OpenedJournal | undefined;
  try {
    if (lock) requireJournal(file, lock);
    opened = lock ? { database: openForWriting(file) } : openForReading(file);
    const journal = new LibsqlJournal({ file, keepRounds }, { ...opened, lock });
    journal.checkNewest();
    if (lock) requireRecords(file, lock, journal.length);
    return journal;
  } catch (error) {
    opened?.database.close();
    opened?.copy?.discard();
    lock?.release();
    throw error;
  }
}

/** An empty journal would mean that nobody holds weight. @throws JOURNAL_LOST */
function requireJournal(file: string, { recordsBefore }: FolderLock): void {
  if (recordsBefore > 0 && isEmptyFile(file)) throw libsqlJournalErrors.JOURNAL_LOST({ file, rounds: recordsBefore });
}

/** A write-ahead log that was cut leaves an older journal that is whole. @throws JOURNAL_BEHIND */
function requireRecords(file: string, lock: FolderLock, records: number): void {
  const { recordsBefore: recorded } = lock;
  if (records < recorded) throw libsqlJournalErrors.JOURNAL_BEHIND({ file, rounds: records, recorded });
  lock.note(records);
}

export default definePlugin({
  apiVersion: 1,
  name: 'libsql-journal',
  provides: {
    journal: {
      options,
      create: ({ file, keepRounds }: Options, { dataDir, resolvePath, mode }: PluginDeps & JournalOpenMode) =>
        Promise.resolve().then(() =>
          openJournal({ file: file === undefined ? undefined : resolvePath(file), keepRounds, folder: dataDir, mode }),
        ),
    },
  },
});
