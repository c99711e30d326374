import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { isAssayError, type AssayError } from '@assay/core/errors/assay-error';
import { toAssayError } from '@assay/core/errors/describe';
import Database from 'libsql';
import { z } from 'zod';
import { localChainErrors } from './errors.js';
import { APPLICATION_ID, SCHEMA_VERSION, schemaOf, upgrade } from './schema.js';

/** How long a statement waits for another process's short lock, in milliseconds. */
const BUSY_TIMEOUT = 5000;

const header = z.object({ application: z.number(), version: z.number(), tables: z.number() });

/**
 * One network's file. Every access is a transaction, and what SQLite throws comes out coded. Statements must not be
 * given a lone null or object to bind: libsql takes either for a set of named parameters.
 */
export class NetworkFile {
  private constructor(
    readonly file: string,
    private readonly database: Database.Database,
  ) {}

  /** @throws NETWORK_MISSING (unless `create`), NETWORK_FOREIGN, NETWORK_NEWER, NETWORK_DAMAGED, NETWORK_IO */
  static open(file: string, mode: 'create' | 'write' | 'read'): NetworkFile {
    if (mode !== 'create' && !existsSync(file)) throw localChainErrors.NETWORK_MISSING({ file });
    let database: Database.Database | undefined;
    try {
      mkdirSync(dirname(file), { recursive: true });
      database = new Database(file, { timeout: BUSY_TIMEOUT });
      const opened = new NetworkFile(file, database);
      if (opened.isEmpty() && mode !== 'create') throw localChainErrors.NETWORK_MISSING({ file });
      database.exec(
        mode === 'read' ? 'PRAGMA query_only = ON' : 'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL',
      );
      if (mode !== 'read' && !opened.isEmpty()) opened.#upgrade();
      return opened;
    } catch (error) {
      database?.close();
      throw networkError(error, file);
    }
  }

  /** A file that holds nothing yet. */
  isEmpty(): boolean {
    const { application, version, tables } = header.parse(
      this.database
        .prepare(
          `SELECT application_id AS application, user_version AS version, (SELECT count(*) FROM sqlite_schema) AS tables
           FROM pragma_application_id, pragma_user_version`,
        )
        .get(),
    );
    if (application === 0 && version === 0 && tables === 0) return true;
    if (application !== APPLICATION_ID) throw localChainErrors.NETWORK_FOREIGN({ file: this.file });
    if (version > SCHEMA_VERSION) throw localChainErrors.NETWORK_NEWER({ file: this.file, version });
    return false;
  }

  /** Tables and content at once: a crash leaves all of it or an empty file. Of two processes, the second does nothing. */
  initialise(fill: (database: Database.Database) => void): void {
    this.write((database) => {
      if (!this.isEmpty()) return;
      upgrade(database);
      fill(database);
    });
  }

  #upgrade(): void {
    if (schemaOf(this.database) === SCHEMA_VERSION) return;
    this.write(upgrade);
  }

  /** Durable when it returns; if `work` throws, nothing has changed. */
  write<T>(work: (database: Database.Database) => T): T {
    return this.#transaction('IMMEDIATE', work);
  }

  /** Everything that `work` reads is of one moment, whatever others write meanwhile. */
  read<T>(work: (database: Database.Database) => T): T {
    return this.#transaction('DEFERRED', work);
  }

  close(): void {
    if (this.database.open) this.database.close();
  }

  #transaction<T>(kind: 'IMMEDIATE' | 'DEFERRED', work: (database: Database.Database) => T): T {
    const { database, file } = this;
    if (!database.open) throw localChainErrors.CHAIN_CLOSED({ file });
    try {
      database.exec(`BEGIN ${kind}`);
      const result = work(database);
      database.exec('COMMIT');
      return result;
    } catch (error) {
      if (database.inTransaction) database.exec('ROLLBACK');
      throw networkError(error, file);
    }
  }
}

function networkError(error: unknown, file: string): AssayError {
  if (isAssayError(error)) return error;
  if (!(error instanceof Error)) return toAssayError(error);
  if (error instanceof z.ZodError || error instanceof SyntaxError) {
    return localChainErrors.NETWORK_DAMAGED(
      { file, reason: 'a stored row is not of the shape it was written in' },
      error,
    );
  }
  const { message: reason } = error;
  // libsql reports a file that can't be opened as a plain error without a code.
  const code =
    'code' in error && typeof error.code === 'string'
      ? error.code
      : reason.startsWith('ConnectionFailed')
        ? 'SQLITE_CANTOPEN'
        : undefined;
  if (code === undefined) return toAssayError(error);
  if (code.startsWith('SQLITE_NOTADB') || code.startsWith('SQLITE_CORRUPT'))
    return localChainErrors.NETWORK_DAMAGED({ file, reason }, error);
  return localChainErrors.NETWORK_IO({ file, sqlite: code, reason }, error);
}
