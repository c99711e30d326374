import type { JournalChange, JournalRecord, Json, RoundJournal } from '@assay/core/contracts/round-journal';
import { canonicalJson } from '@assay/core/journal/canonical-json';
import { FIRST_PREVIOUS_HASH, entryHash } from '@assay/core/journal/hash';
import { brokenPart } from '@assay/core/journal/verify-chain';
import { wellFormed } from '@assay/core/journal/well-formed';
import type Database from 'libsql';
import { z } from 'zod';
import { text } from '@assay/lib-libsql';
import {
  readRow,
  readRows,
  rewriteRows,
  sealedRecords,
  sealRecords,
  surveyRows,
  writeRow,
  type Found,
} from './derived-table.js';
import { libsqlJournalErrors } from './errors.js';
import type { FolderLock } from './folder-lock.js';
import type { ReadableCopy } from './readable-copy.js';
import { journalError } from './sqlite-errors.js';

const recordRow = z.object({
  number: z.number(),
  previous_hash: text,
  hash: text,
  entry: text,
  signature: text.nullable(),
});

const RECORDS = `SELECT number, CAST(previous_hash AS BLOB) AS previous_hash, CAST(hash AS BLOB) AS hash,
  CAST(entry AS BLOB) AS entry, CAST(signature AS BLOB) AS signature FROM records`;

/** RoundJournal over one SQLite file. Reads go to the file each time, so nothing here can differ from what is kept. */
export class LibsqlJournal implements RoundJournal {
  /** Commits one after another, in the order of their calls: a signature may keep one waiting. */
  #last: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  /** `lock` is what makes this the writer; without one, commits are refused. */
  constructor(
    private readonly options: { file: string },
    private readonly deps: {
      database: Database.Database;
      lock: FolderLock | undefined;
      copy?: ReadableCopy | undefined;
    },
  ) {}

  /** @throws JOURNAL_DAMAGED when the newest record does not fit the one before or its own hash, or newer ones are gone. */
  checkNewest(): void {
    const newest = this.head();
    const sealed = this.deps.lock && this.#read(sealedRecords);
    if (sealed && sealed.number > (newest?.number ?? 0) && sealed.hash !== newest?.hash) {
      const reason = `it ends with record ${newest?.number ?? 0}, and record ${sealed.number} was written`;
      throw libsqlJournalErrors.JOURNAL_DAMAGED({ file: this.options.file, reason });
    }
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
    const row = this.#read((database) => readRow(database, table, key));
    return row === undefined ? undefined : this.#whole(table, row).value;
  }

  entries(table: string): { key: string; value: Json }[] {
    const rows = this.#read((database) => readRows(database, table));
    return rows.map((row) => this.#whole(table, row));
  }

  dropDamaged(): Promise<string[]> {
    const done = this.#last.then(() => {
      const { whole, damaged } = this.#read(surveyRows);
      if (damaged.length > 0) {
        this.#transaction((database) => {
          rewriteRows(database, whole);
        });
      }
      return damaged;
    });
    this.#last = done.catch(() => undefined);
    return done;
  }

  head(): JournalRecord | undefined {
    return this.records(1)[0];
  }

  record(number: number): JournalRecord | undefined {
    const row = this.#read((database) => database.prepare(`${RECORDS} WHERE number = ?`).get(number));
    return row === undefined ? undefined : this.#record(row);
  }

  records(limit: number): JournalRecord[] {
    const rows = this.#read((database) => database.prepare(`${RECORDS} ORDER BY number DESC LIMIT ?`).all(limit));
    return rows.map((row) => this.#record(row));
  }

  /** Waits for commits under way; then the file and its lock are free. */
  close(): Promise<void> {
    this.#closing ??= this.#last.then(() => {
      const { database, lock, copy } = this.deps;
      // libsql leaves the log behind when it closes; this way a copy of the one file is a whole backup.
      if (lock) database.exec('PRAGMA wal_checkpoint(PASSIVE)');
      database.close();
      copy?.discard();
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
      value: value === undefined ? undefined : canonicalJson(wellFormed(value)),
    }));
    this.#transaction((database) => {
      if (record) insertRecord(database, record);
      for (const row of rows) writeRow(database, row);
    });
    if (record) this.#note(lock, record.number);
    return record;
  }

  /** The round is durable already; a note that can't be written only says less at the next start. */
  #note(lock: FolderLock, rounds: number): void {
    try {
      lock.note(rounds);
    } catch {
      return;
    }
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
    const parsed = recordRow.safeParse(row);
    if (!parsed.success) {
      const reason = `a stored record is not as it was written: ${parsed.error.issues.map(({ path }) => path.join('.')).join(', ')}`;
      throw libsqlJournalErrors.JOURNAL_DAMAGED({ file: this.options.file, reason }, parsed.error);
    }
    const { number, previous_hash: previousHash, hash, entry, signature } = parsed.data;
    return { number, previousHash, hash, entry: this.#json(entry), ...(signature === null ? {} : { signature }) };
  }

  #whole(table: string, row: Found): { key: string; value: Json } {
    if (row === 'damaged') throw libsqlJournalErrors.JOURNAL_ROW_DAMAGED({ file: this.options.file, table });
    return { key: row.key, value: this.#json(row.value) };
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
  sealRecords(database, number, hash);
}
