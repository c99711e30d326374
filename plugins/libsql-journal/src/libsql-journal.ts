import type { JournalChange, JournalRecord, Json, RoundJournal } from '@assay/core/contracts/round-journal';
import { canonicalJson } from '@assay/core/journal/canonical-json';
import { FIRST_PREVIOUS_HASH, entryHash } from '@assay/core/journal/hash';
import { brokenPart } from '@assay/core/journal/verify-chain';
import { wellFormed } from '@assay/core/journal/well-formed';
import type Database from 'libsql';
import { z } from 'zod';
import { libsqlJournalErrors } from './errors.js';
import type { FolderLock } from './folder-lock.js';
import { journalError } from './sqlite-errors.js';

const recordRow = z.object({
  number: z.number(),
  previous_hash: z.string(),
  hash: z.string(),
  entry: z.string(),
  signature: z.string().nullable(),
});
const derivedRow = z.object({ key: z.string(), value: z.string() });

type Put = NonNullable<JournalChange['put']>[number];

/** RoundJournal over one SQLite file. Reads go to the file each time, so nothing here can differ from what is kept. */
export class LibsqlJournal implements RoundJournal {
  /** Commits one after another, in the order of their calls: a signature may keep one waiting. */
  #last: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  /** `lock` is what makes this the writer; without one, commits are refused. */
  constructor(
    private readonly options: { file: string },
    private readonly deps: { database: Database.Database; lock: FolderLock | undefined },
  ) {}

  /** @throws JOURNAL_DAMAGED when the newest record does not fit the one before, or its own hash. */
  checkNewest(): void {
    const newest = this.head();
    if (!newest) return;
    const before = newest.number === 1 ? FIRST_PREVIOUS_HASH : this.record(newest.number - 1)?.hash;
    const broken = before === undefined ? 'number' : brokenPart(newest, before);
    if (!broken) return;
    const reason = `record ${newest.number} does not fit the chain, its ${broken} is wrong`;
    throw libsqlJournalErrors.JOURNAL_DAMAGED({ file: this.options.file, reason });
  }

  commit(change: JournalChange): Promise<JournalRecord | undefined> {
    if (this.#closing) return Promise.reject(libsqlJournalErrors.JOURNAL_CLOSED({ file: this.options.file }));
    const done = this.#last.then(() => this.#commit(change));
    this.#last = done.catch(() => undefined);
    return done;
  }

  get(table: string, key: string): Json | undefined {
    const row = this.#read((database) =>
      database.prepare('SELECT key, value FROM derived WHERE name = ? AND key = ?').get(table, key),
    );
    return row === undefined ? undefined : this.#json(derivedRow.parse(row).value);
  }

  entries(table: string): { key: string; value: Json }[] {
    const rows = this.#read((database) =>
      database.prepare('SELECT key, value FROM derived WHERE name = ? ORDER BY key').all(table),
    );
    return z
      .array(derivedRow)
      .parse(rows)
      .map(({ key, value }) => ({ key, value: this.#json(value) }));
  }

  head(): JournalRecord | undefined {
    return this.records(1)[0];
  }

  record(number: number): JournalRecord | undefined {
    const row = this.#read((database) => database.prepare('SELECT * FROM records WHERE number = ?').get(number));
    return row === undefined ? undefined : this.#record(row);
  }

  records(limit: number): JournalRecord[] {
    const rows = this.#read((database) =>
      database.prepare('SELECT * FROM records ORDER BY number DESC LIMIT ?').all(limit),
    );
    return rows.map((row) => this.#record(row));
  }

  /** Waits for commits under way; then the file and its lock are free. */
  close(): Promise<void> {
    this.#closing ??= this.#last.then(() => {
      const { database, lock } = this.deps;
      // libsql leaves the log behind when it closes; this way a copy of the one file is a whole backup.
      if (lock) database.exec('PRAGMA wal_checkpoint(PASSIVE)');
      database.close();
      lock?.release();
    });
    return this.#closing;
  }

  async #commit({ append, put = [] }: JournalChange): Promise<JournalRecord | undefined> {
    const { lock } = this.deps;
    if (!lock) throw libsqlJournalErrors.JOURNAL_READ_ONLY({ file: this.options.file });
    const record = append && (await this.#next(append));
    const rows = put.map(({ table, key, value }) => ({
      table,
      key,
      text: value === undefined ? undefined : canonicalJson(wellFormed(value)),
    }));
    this.#transaction((database) => {
      if (record) insertRecord(database, record);
      for (const row of rows) writeDerived(database, row);
    });
    return record;
  }

  async #next({ entry: given, sign }: NonNullable<JournalChange['append']>): Promise<JournalRecord> {
    const head = this.head();
    const previousHash = head?.hash ?? FIRST_PREVIOUS_HASH;
    // As a reader will get it back, whatever the caller does with its own objects meanwhile.
    const entry = this.#json(canonicalJson(wellFormed(given)));
    const hash = entryHash(previousHash, entry);
    const signature = sign && `0x${Buffer.from(await sign(Buffer.from(hash, 'hex'))).toString('hex')}`;
    return {
      number: (head?.number ?? 0) + 1,
      previousHash,
      hash,
      entry,
      ...(signature === undefined ? {} : { signature }),
    };
  }

  #transaction(work: (database: Database.Database) => void): void {
    const { database } = this.deps;
    try {
      database.exec('BEGIN IMMEDIATE');
      work(database);
      database.exec('COMMIT');
    } catch (error) {
      // SQLite has rolled back by itself after some failures, a full disk among them.
      if (database.inTransaction) database.exec('ROLLBACK');
      throw journalError(error, this.options.file);
    }
  }

  #read<T>(query: (database: Database.Database) => T): T {
    if (!this.deps.database.open) throw libsqlJournalErrors.JOURNAL_CLOSED({ file: this.options.file });
    try {
      return query(this.deps.database);
    } catch (error) {
      throw journalError(error, this.options.file);
    }
  }

  #record(row: unknown): JournalRecord {
    const { number, previous_hash: previousHash, hash, entry, signature } = recordRow.parse(row);
    return { number, previousHash, hash, entry: this.#json(entry), ...(signature === null ? {} : { signature }) };
  }

  #json(text: string): Json {
    try {
      return json.parse(JSON.parse(text));
    } catch (error) {
      throw libsqlJournalErrors.JOURNAL_DAMAGED(
        { file: this.options.file, reason: 'a stored value is not JSON' },
        error,
      );
    }
  }
}

/** JSON.parse has made it; JSON is all that it can be. */
const json = z.custom<Json>();

function insertRecord(database: Database.Database, record: JournalRecord): void {
  const { number, previousHash, hash, entry, signature } = record;
  database
    .prepare('INSERT INTO records (number, previous_hash, hash, entry, signature) VALUES (?, ?, ?, ?, ?)')
    .run(number, previousHash, hash, canonicalJson(entry), signature ?? null);
}

function writeDerived(
  database: Database.Database,
  { table, key, text }: Pick<Put, 'table' | 'key'> & { text: string | undefined },
): void {
  if (text === undefined) database.prepare('DELETE FROM derived WHERE name = ? AND key = ?').run(table, key);
  else database.prepare('INSERT OR REPLACE INTO derived (name, key, value) VALUES (?, ?, ?)').run(table, key, text);
}
