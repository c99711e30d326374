import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ExclusiveFile } from '@assay/lib-libsql/exclusive-file';
import { z } from 'zod';
import { libsqlJournalErrors } from './errors.js';
import { journalError } from './sqlite-errors.js';

const note = z.object({
  /** Process that holds the lock. */
  pid: z.number().int().positive(),
  /** Records that the journal of this folder has had: a journal with fewer has lost some. In 0.1 all were rounds. */
  rounds: z.number().int().nonnegative().default(0),
});

/**
 * Keeps a second validator off a data folder. The file `lock.json` beside the lock names the process that holds it, for the
 * message, and outlives the journal as a witness of how many records it held.
 */
export class FolderLock {
  private constructor(
    private readonly file: ExclusiveFile,
    private readonly noteFile: string,
    /** Records that were written in this folder before. */
    readonly recordsBefore: number,
  ) {}

  /** @throws DATA_FOLDER_LOCKED, DATA_FOLDER_UNUSABLE or LOCK_DAMAGED */
  static take(folder: string): FolderLock {
    const file = join(folder, 'lock.db');
    const noteFile = join(folder, 'lock.json');
    const exclusive = openIn(folder, file);
    if (!isTaken(exclusive, file)) {
      exclusive.close();
      throw libsqlJournalErrors.DATA_FOLDER_LOCKED({ folder, pid: readNote(noteFile)?.pid });
    }
    const lock = new FolderLock(exclusive, noteFile, readNote(noteFile)?.rounds ?? 0);
    try {
      lock.note(lock.recordsBefore);
    } catch (error) {
      lock.release();
      throw unusable(folder, error);
    }
    return lock;
  }

  /** Notes how many records there are, whole or not at all. */
  note(rounds: number): void {
    const draft = `${this.noteFile}.draft`;
    writeFileSync(draft, `${JSON.stringify({ pid: process.pid, rounds })}\n`);
    renameSync(draft, this.noteFile);
  }

  release(): void {
    this.file.close();
  }
}

/** @throws LOCK_DAMAGED, JOURNAL_IO */
function isTaken(exclusive: ExclusiveFile, file: string): boolean {
  try {
    return exclusive.take();
  } catch (error) {
    exclusive.close();
    const known = journalError(error, file);
    if (known.code !== 'JOURNAL_DAMAGED') throw known;
    throw libsqlJournalErrors.LOCK_DAMAGED({ file, reason: known.message }, error);
  }
}

function openIn(folder: string, file: string): ExclusiveFile {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return ExclusiveFile.open(file);
  } catch (error) {
    throw unusable(folder, error);
  }
}

const unusable = (folder: string, error: unknown): Error =>
  libsqlJournalErrors.DATA_FOLDER_UNUSABLE(
    { folder, reason: error instanceof Error ? error.message : String(error) },
    error,
  );

/** A file that is missing or torn says nothing. */
function readNote(file: string): z.infer<typeof note> | undefined {
  try {
    return note.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}
