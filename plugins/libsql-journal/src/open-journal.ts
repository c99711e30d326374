import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'libsql';
import { libsqlJournalErrors } from './errors.js';
import { inspectSchema, migrate } from './schema.js';
import { journalError } from './sqlite-errors.js';

/** How long a statement waits for another process's short lock, in milliseconds. */
const BUSY_TIMEOUT = 5000;

/** The journal's file for its one writer, made and migrated as needed. */
export function openForWriting(file: string): Database.Database {
  return open(file, (database) => {
    const state = inspectSchema(database, file);
    // Readers go on while a round is written; FULL makes each commit survive a loss of power.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    if (state !== 'current') migrate(database);
  });
}

/** Beside a running writer or alone; the file's content stays as it is. @throws JOURNAL_MISSING */
export function openForReading(file: string): Database.Database {
  if (!existsSync(file)) throw libsqlJournalErrors.JOURNAL_MISSING({ file });
  return open(file, (database) => {
    database.exec('PRAGMA query_only = ON');
    if (inspectSchema(database, file) !== 'current') throw libsqlJournalErrors.JOURNAL_MISSING({ file });
  });
}

function open(file: string, prepare: (database: Database.Database) => void): Database.Database {
  let database: Database.Database | undefined;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    database = new Database(file, { timeout: BUSY_TIMEOUT });
    prepare(database);
    return database;
  } catch (error) {
    database?.close();
    throw journalError(error, file);
  }
}
