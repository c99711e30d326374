import Database from 'libsql';

/**
 * A file that one process at a time can hold. The lock is an exclusive transaction, left open, on a database without
 * content: the operating system drops it with the process, however that ends, so there is never a stale lock to clear
 * away. Children don't inherit it.
 */
export class ExclusiveFile {
  #database: Database.Database | undefined;

  private constructor(database: Database.Database) {
    this.#database = database;
  }

  /** Opens or creates the file without taking it. @throws what the driver throws where that can't be done */
  static open(file: string): ExclusiveFile {
    return new ExclusiveFile(new Database(file, { timeout: 0 }));
  }

  /** @returns false where another holder has it. @throws what the driver throws where the file can't be locked */
  take(): boolean {
    try {
      this.#database?.exec('BEGIN EXCLUSIVE');
      return this.#database !== undefined;
    } catch (error) {
      if (isBusy(error)) return false;
      throw error;
    }
  }

  /** Releases the file where it was taken. To close it twice does nothing. */
  close(): void {
    this.#database?.close();
    this.#database = undefined;
  }
}

/** Whether SQLite says that another connection has the database. */
const isBusy = (error: unknown): boolean =>
  error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY');
