import type { JournalRecord, RecordType } from '@assay/core/contracts/round-journal';
import { RECORD_TYPES } from '@assay/core/contracts/round-journal';
import type Database from 'libsql';
import { z } from 'zod';
import { text } from '@assay/lib-libsql';

/** Schema version that knows types of records; in files of earlier ones every record is a round. */
const TYPES_SINCE = 3;
const SEALS_SINCE = 2;

const recordRow = z.object({
  position: z.number(),
  type: text.pipe(z.enum(RECORD_TYPES)),
  number: z.number(),
  previous_hash: text,
  hash: text,
  entry: text,
  signature: text.nullable(),
});
const headRow = z.object({ position: z.number(), hash: text }).optional();
const countRow = z.object({ newest: z.number().nullable() });

/** A record as it is stored, its entry still text. */
export type StoredRecord = Omit<JournalRecord, 'entry'> & { entry: string };

/** Why a stored record can't be read. */
export class UnreadableRecord extends Error {}

/** Reads and writes the table of records of a file with this schema version. */
export class RecordTable {
  readonly #select: string;
  readonly #number: string;

  constructor(
    private readonly database: Database.Database,
    private readonly schema: number,
  ) {
    this.#number = schema < TYPES_SINCE ? 'number' : 'coalesce(ordinal, number)';
    this.#select = `SELECT number AS position, CAST(${schema < TYPES_SINCE ? "'round'" : 'type'} AS BLOB) AS type,
      ${this.#number} AS number, CAST(previous_hash AS BLOB) AS previous_hash, CAST(hash AS BLOB) AS hash,
      CAST(entry AS BLOB) AS entry, CAST(signature AS BLOB) AS signature FROM records`;
  }

  /** Whether the file says which record was written last. */
  get hasSeals(): boolean {
    return this.schema >= SEALS_SINCE;
  }

  /** Whether the file has tables of attachments and parts. */
  get hasContents(): boolean {
    return this.schema >= TYPES_SINCE;
  }

  /** Place and hash of the newest record, without its entry. */
  head(): { position: number; hash: string } | undefined {
    const query =
      'SELECT number AS position, CAST(hash AS BLOB) AS hash FROM records ORDER BY records.number DESC LIMIT 1';
    return headRow.parse(this.database.prepare(query).get());
  }

  /** Number of the newest record of a type; 0 without one. */
  newest(type: RecordType): number {
    if (this.schema < TYPES_SINCE) return type === 'round' ? (this.head()?.position ?? 0) : 0;
    const query = `SELECT max(${this.#number}) AS newest FROM records WHERE type = ?`;
    return countRow.parse(this.database.prepare(query).get(type)).newest ?? 0;
  }

  at(position: number): StoredRecord | undefined {
    return this.#one(this.database.prepare(`${this.#select} WHERE records.number = ?`).get(position));
  }

  after(position: number): StoredRecord | undefined {
    return this.#one(
      this.database.prepare(`${this.#select} WHERE records.number > ? ORDER BY records.number LIMIT 1`).get(position),
    );
  }

  /** @throws UnreadableRecord when the index leads to another record, or to none though there are newer ones */
  numbered(type: RecordType, number: number): StoredRecord | undefined {
    if (this.schema < TYPES_SINCE) return type === 'round' ? this.at(number) : undefined;
    const query = `${this.#select} WHERE type = ? AND ${this.#number} = ?`;
    const found = this.#one(this.database.prepare(query).get(type, number));
    const isThere = found !== undefined && found.type === type && found.number === number;
    if (!isThere && (found || (number >= 1 && number <= this.newest(type))))
      throw new UnreadableRecord(`the index does not lead to ${type} ${number}`);
    return found;
  }

  /** Whether a record with this key was appended. */
  hasKey(key: string): boolean {
    return this.database.prepare('SELECT 1 FROM records WHERE once = ?').get(key) !== undefined;
  }

  insert({ type, number, position, previousHash, hash, entry, signature }: StoredRecord, once?: string): void {
    this.database
      .prepare(
        `INSERT INTO records (number, type, ordinal, previous_hash, hash, entry, signature, once)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(position, type, number, previousHash, hash, entry, signature ?? null, once ?? null);
  }

  #one(row: unknown): StoredRecord | undefined {
    if (row === undefined) return undefined;
    const parsed = recordRow.safeParse(row);
    if (!parsed.success) {
      const members = parsed.error.issues.map(({ path }) => path.join('.')).join(', ');
      throw new UnreadableRecord(`a stored record is not as it was written: ${members}`);
    }
    const { previous_hash: previousHash, signature, ...rest } = parsed.data;
    return { ...rest, previousHash, ...(signature === null ? {} : { signature }) };
  }
}
