import { definePlugin } from '@assay/core/plugin/plugin';
import type { JournalOpenMode } from '@assay/core/contracts/round-journal';
import type { PluginDeps } from '@assay/core/plugin/plugin';
import { join } from 'node:path';
import { z } from 'zod';
import { FolderLock } from './folder-lock.js';
import { LibsqlJournal } from './libsql-journal.js';
import { openForReading, openForWriting } from './open-journal.js';

const options = z.strictObject({
  file: z.string().min(1).optional().describe("The journal's file; `journal.db` in the data folder when left out."),
});
type Options = z.infer<typeof options>;

/**
 * Opens the journal of a data folder: as its one writer, or beside it for reading. The newest record is checked here,
 * the whole chain by `assertChain`.
 *
 * @throws DATA_FOLDER_LOCKED, JOURNAL_MISSING, JOURNAL_DAMAGED, JOURNAL_NEWER and the like
 */
export function openJournal({
  file: given,
  folder,
  mode,
}: { file?: string | undefined; folder: string } & JournalOpenMode): LibsqlJournal {
  const file = given ?? join(folder, 'journal.db');
  const lock = mode === 'write' ? FolderLock.take(folder) : undefined;
  let database;
  try {
    database = lock ? openForWriting(file) : openForReading(file);
    const journal = new LibsqlJournal({ file }, { database, lock });
    journal.checkNewest();
    return journal;
  } catch (error) {
    database?.close();
    lock?.release();
    throw error;
  }
}

export default definePlugin({
  apiVersion: 1,
  name: 'libsql-journal',
  provides: {
    journal: {
      options,
      create: ({ file }: Options, { dataDir, resolvePath, mode }: PluginDeps & JournalOpenMode) =>
        Promise.resolve().then(() =>
          openJournal({ file: file === undefined ? undefined : resolvePath(file), folder: dataDir, mode }),
        ),
    },
  },
});
