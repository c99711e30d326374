import { setImmediate as nextTurn } from 'node:timers/promises';
import type {
  JournalChange,
  JournalRecord,
  Json,
  NewRecord,
  RecordType,
  RoundJournal,
} from '@assay/core/contracts/round-journal';
import { canonicalJson } from '@assay/core/journal/canonical-json';
import { journalErrors } from '@assay/core/journal/errors';
import { FIRST_PREVIOUS_HASH, hashOfText, typeOfEntry } from '@assay/core/journal/hash';
import { brokenPart } from '@assay/core/journal/verify-chain';
import { wellFormed } from '@assay/core/journal/well-formed';
import type Database from 'libsql';
import { z } from 'zod';
import {
  dropAttachments,
  packed,
  missingParts,
  readAttachment,
  readPart,
  writeAttachments,
  writeParts,
} from './contents.js';
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
import { RecordTable, UnreadableRecord, type StoredRecord } from './records.js';
import { schemaVersion } from './schema.js';
import { journalError } from './sqlite-errors.js';

interface Opened {
  database: Database.Database;
  lock: FolderLock | undefined;
  copy?: ReadableCopy | undefined;
}

/** RoundJournal over one SQLite file. Reads go to the file each time, so nothing here can differ from what is kept. */
export class LibsqlJournal implements RoundJournal {
  /** Commits one after another, in the order of their calls: a signature may keep one waiting. */
  #last: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;
  readonly #table: RecordTable;

  /** `lock` is what makes this the writer; without one, commits are refused. */
  constructor(
    private readonly options: { file: string; keepRounds?: number | undefined },
    private readonly deps: Opened,
  ) {
    this.#table = new RecordTable(deps.database, schemaVersion(deps.database));
  }

  /** Records of all types. */
  get length(): number {
    return this.#read(() => this.#table.head()?.position ?? 0);
  }

  /** @throws JOURNAL_DAMAGED when the newest record does not fit the one before or its own hash, or newer ones are gone. */
  checkNewest(): void {
    const { newest, sealed } = this.#newest();
    if (sealed && sealed.number > (newest?.position ?? 0) && sealed.hash !== newest?.hash)
      throw this.#damaged(`it ends with record ${newest?.position ?? 0}, and record ${sealed.number} was written`);
    if (!newest) return;
    const { position, type, number } = newest;
    const before = position === 1 ? FIRST_PREVIOUS_HASH : this.#read(() => this.#table.at(position - 1))?.hash;
    const isNumbered = before !== undefined && number === this.#read(() => this.#table.newest(type));
    const broken = isNumbered ? brokenPart(newest, before) : 'number';
    if (broken) throw this.#damaged(`record ${position} does not fit the chain, its ${broken} is wrong`);
  }

  /** The newest record and the one that was sealed last, as they are at one moment: a writer may go on meanwhile. */
  #newest(): { newest: JournalRecord | undefined; sealed: ReturnType<typeof sealedRecords> } {
    return this.#read((database) => {
      database.exec('BEGIN');
      try {
        const found = this.#table.at(this.length);
        return {
          newest: found && this.#record(found),
          sealed: this.#table.hasSeals ? sealedRecords(database) : undefined,
        };
      } finally {
        database.exec('COMMIT');
      }
    });
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

  head(type: RecordType = 'round'): JournalRecord | undefined {
    return this.record(
      this.#read(() => this.#table.newest(type)),
      type,
    );
  }

  record(number: number, type: RecordType = 'round'): JournalRecord | undefined {
    const found = this.#read(() => this.#table.numbered(type, number));
    return found && this.#record(found);
  }

  records(limit: number, type: RecordType = 'round'): JournalRecord[] {
    const newest = this.#read(() => this.#table.newest(type));
    const numbers = Array.from({ length: Math.min(limit, newest) }, (_none, index) => newest - index);
    return numbers.flatMap((number) => this.record(number, type) ?? []);
  }

  *chain(): Generator<JournalRecord> {
    let found = this.#read(() => this.#table.after(0));
    while (found) {
      yield this.#record(found);
      const { position } = found;
      found = this.#read(() => this.#table.after(position));
    }
  }

  attachment(digest: string): Uint8Array | undefined {
    if (!this.#table.hasContents) return undefined;
    const found = this.#read((database) => readAttachment(database, digest));
    if (found === 'damaged') throw journalErrors.JOURNAL_ATTACHMENT_DAMAGED({ digest });
    return found;
  }

  part(digest: string): Json | undefined {
    if (!this.#table.hasContents) return undefined;
    const found = this.#read((database) => readPart(database, digest));
    if (found === 'damaged') throw journalErrors.JOURNAL_ATTACHMENT_DAMAGED({ digest });
    return found === undefined ? undefined : this.#json(found);
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
    const added = append && !this.#isOnRecord(append) ? append : undefined;
    const record = added && (await this.#next(added));
    const attachments = await packed(added?.attachments ?? []);
    const parts = this.#read((database) => missingParts(database, added?.parts ?? []));
    await nextTurn();
    const rows = put.map(({ table, key, value }) => ({
      table,
      key,
      value: value === undefined ? undefined : canonicalJson(wellFormed(value)),
    }));
    this.#transaction((database) => {
      if (record) {
        writeAttachments(database, attachments, record.position);
        writeParts(database, parts);
        this.#table.insert(record, added.once);
        sealRecords(database, record.position, record.hash);
        this.#dropOld(database, record);
      }
      for (const row of rows) writeRow(database, row);
    });
    if (!record) return undefined;
    this.#note(lock, record.position);
    return this.#record(record);
  }

  #isOnRecord({ once }: NewRecord): boolean {
    return once !== undefined && this.#read(() => this.#table.hasKey(once));
  }

  /** The record is durable already; a note that can't be written only says less at the next start. */
  #note(lock: FolderLock, records: number): void {
    try {
      lock.note(records);
    } catch {
      return;
    }
  }

  /** Drops the attachments of rounds that are older than those to be kept. */
  #dropOld(database: Database.Database, { type, number }: StoredRecord): void {
    const { keepRounds } = this.options;
    if (keepRounds === undefined || type !== 'round' || number <= keepRounds) return;
    const oldest = this.#table.numbered('round', number - keepRounds + 1);
    if (oldest) dropAttachments(database, oldest.position);
  }

  async #next({ entry: given, sign }: NewRecord): Promise<StoredRecord> {
    const head = this.#read(() => this.#table.head());
    const previousHash = head?.hash ?? FIRST_PREVIOUS_HASH;
    // As a reader will get it back, whatever the caller does with its own objects meanwhile.
    const sound = wellFormed(given);
    await nextTurn();
    const entry = canonicalJson(sound);
    const type = typeOfEntry(sound);
    const number = this.#read(() => this.#table.newest(type)) + 1;
    const hash = hashOfText(previousHash, entry);
    const signature = sign && `0x${Buffer.from(await sign(Buffer.from(hash, 'hex'))).toString('hex')}`;
    return {
      type,
      number,
      position: (head?.position ?? 0) + 1,
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
      if (error instanceof UnreadableRecord) throw this.#damaged(error.message, error);
      throw journalError(error, this.options.file);
    }
  }

  #damaged(reason: string, cause?: unknown): Error {
    return libsqlJournalErrors.JOURNAL_DAMAGED({ file: this.options.file, reason }, cause);
  }

  #record(stored: StoredRecord): JournalRecord {
    return { ...stored, entry: this.#json(stored.entry) };
  }

  #whole(table: string, row: Found): { key: string; value: Json } {
    if (row === 'damaged') throw libsqlJournalErrors.JOURNAL_ROW_DAMAGED({ file: this.options.file, table });
    return { key: row.key, value: this.#json(row.value) };
  }

  #json(text: string): Json {
    try {
      return json.parse(JSON.parse(text));
    } catch (error) {
      throw this.#damaged('a stored value is not JSON', error);
    }
  }
}

/** JSON.parse has made it; JSON is all that it can be. */
const json = z.custom<Json>();
