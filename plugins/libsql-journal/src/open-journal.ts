import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'libsql';
import { libsqlJournalErrors } from './errors.js';
import { requireSound } from './integrity.js';
import { ReadableCopy } from './readable-copy.js';
import { inspectSchema, migrate } from './schema.js';
import { journalError } from './sqlite-errors.js';

/** How long a statement waits for another process's short lock, in milliseconds. */
const BUSY_TIMEOUT = 5000;

export interface OpenedJournal {
  database: Database.Database;
  /** What is removed when the journal is closed. */
  copy?: ReadableCopy;
}

/** The journal's file for its one writer, made and migrated as needed. */
export function openForWriting(file: string): Database.Database {
  // What a lost journal left behind, such as its write-ahead log, keeps SQLite from making a new one.
  if (isEmptyFile(file)) for (const end of ['', '-wal', '-shm']) rmSync(`${file}${end}`, { force: true });
  return open(file, (opened) => {
    const state = inspectSchema(opened, file);
    if (state !== 'empty') requireSound(opened, file);
    // Readers go on while a round is written; FULL makes each commit survive a loss of power.
    opened.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    if (state !== 'current') migrate(opened);
  });
}

/**
 * Beside a running writer or alone; the file's content stays as it is. Where the folder can't be written to, SQLite can't
 * open a journal that has a write-ahead log, and a copy is read instead.
 *
 * @throws JOURNAL_MISSING
 */
export function openForReading(file: string): OpenedJournal {
  if (!existsSync(file)) throw libsqlJournalErrors.JOURNAL_MISSING({ file });
  try {
    return { database: openReader(file, file) };
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'JOURNAL_IO')) throw error;
    const copy = ReadableCopy.of(file);
    if (!copy) throw error;
    try {
      return { database: openReader(copy.file, file), copy };
    } catch (failure) {
      copy.discard();
      throw failure;
    }
  }
}

/** Whether there is nothing in the file at all: SQLite would take it for a new journal. */
export const isEmptyFile = (file: string): boolean => !existsSync(file) || statSync(file).size === 0;

function openReader(opened: string, file: string): Database.Database {
  return open(opened, (database) => {
    database.exec('PRAGMA query_only = ON');
    if (inspectSchema(database, file) === 'empty') throw libsqlJournalErrors.JOURNAL_MISSING({ file });
  });
}

function open(file: string, prepare: (database: Database.Database) => void): Database.Database {
  let database: Database.Database | undefined;
  try {
    if (!existsSync(file)) mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    database = new Database(file, { timeout: BUSY_TIMEOUT });
    prepare(database);
    return database;
  } catch (error) {
    database?.close();
    throw journalError(error, file);
  }
}
