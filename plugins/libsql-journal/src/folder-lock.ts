import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { z } from 'zod';
import { libsqlJournalErrors } from './errors.js';
import { isBusy, journalError } from './sqlite-errors.js';

const holder = z.object({ pid: z.number().int().positive() });

/**
 * Keeps a second validator off a data folder. The lock is an exclusive transaction, left open, on a database of its own:
 * the operating system drops it with the process, however that ends, so there is never a stale lock to clear away.
 * Children don't inherit it. The file beside it only says who holds the lock, for the message.
 */
export class FolderLock {
  #database: Database.Database | undefined;

  private constructor(database: Database.Database) {
    this.#database = database;
  }

  /** @throws DATA_FOLDER_LOCKED or DATA_FOLDER_UNUSABLE */
  static take(folder: string): FolderLock {
    const file = join(folder, 'lock.db');
    const holderFile = join(folder, 'lock.json');
    const database = openIn(folder, file);
    try {
      database.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      database.close();
      if (isBusy(error)) throw libsqlJournalErrors.DATA_FOLDER_LOCKED({ folder, pid: holderPid(holderFile) }, error);
      throw journalError(error, file);
    }
    const lock = new FolderLock(database);
    try {
      writeFileSync(holderFile, `${JSON.stringify({ pid: process.pid })}\n`);
    } catch (error) {
      lock.release();
      throw unusable(folder, error);
    }
    return lock;
  }

  release(): void {
    this.#database?.close();
    this.#database = undefined;
  }
}

function openIn(folder: string, file: string): Database.Database {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return new Database(file, { timeout: 0 });
  } catch (error) {
    throw unusable(folder, error);
  }
}

const unusable = (folder: string, error: unknown): Error =>
  libsqlJournalErrors.DATA_FOLDER_UNUSABLE(
    { folder, reason: error instanceof Error ? error.message : String(error) },
    error,
  );

/** Only for the message: a file that is missing or torn says nothing. */
function holderPid(file: string): number | undefined {
  try {
    return holder.parse(JSON.parse(readFileSync(file, 'utf8'))).pid;
  } catch {
    return undefined;
  }
}
