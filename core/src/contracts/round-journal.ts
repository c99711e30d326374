/** A value that JSON holds without loss. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What a record is about. The entry says it in its member `type`; an entry without one is a round. */
export const RECORD_TYPES = ['round', 'claim', 'submission', 'history'] as const;
export type RecordType = (typeof RECORD_TYPES)[number];

/** One record of the chain. `hash` = sha256(previousHash + canonical JSON of `entry`), hex; the first follows 64 zeros. */
export interface JournalRecord {
  type: RecordType;
  /** Place among the records of its type: 1, 2, 3, ... without gaps. */
  number: number;
  /** Place in the chain, over all types: 1, 2, 3, ... without gaps. */
  position: number;
  previousHash: string;
  hash: string;
  entry: Json;
  /** sr25519 by the validator's hotkey over the hash's 32 bytes, hex with 0x; absent without a key. */
  signature?: string;
}

/** Content that an entry names by its digest (sha256, hex) and that may be dropped later: the chain verifies without it. */
export interface Attachment {
  digest: string;
  content: Uint8Array;
}

/** A value that many entries name by its digest (sha256 of its canonical JSON, hex). It is stored once and never dropped. */
export interface SharedPart {
  digest: string;
  value: Json;
}

/** A record to append, with everything that its entry names by digest. */
export interface NewRecord {
  entry: Json;
  attachments?: readonly Attachment[];
  parts?: readonly SharedPart[];
  /** A key that one record has at most: where it is on record already, nothing is appended and the rows are written. */
  once?: string;
  sign?: (hash: Uint8Array) => Promise<Uint8Array>;
}

/** One atomic change: all of it or nothing survives a crash. */
export interface JournalChange {
  append?: NewRecord;
  /** Rows of derived tables to write; a value of undefined deletes the row. */
  put?: readonly { table: string; key: string; value: Json | undefined }[];
}

/**
 * The validator's memory: an append-only chain of records and small derived tables beside it, durable when a commit
 * resolves. One writer; readers beside it. Reads are synchronous: the database is embedded.
 */
export interface RoundJournal {
  /** @returns the appended record; undefined when nothing was appended */
  commit(change: JournalChange): Promise<JournalRecord | undefined>;
  get(table: string, key: string): Json | undefined;
  /** In code-point order of keys. */
  entries(table: string): { key: string; value: Json }[];
  /**
   * Deletes derived rows that are not as they were written.
   * @returns names of the tables that held such a row, or that lack rows which were written
   */
  dropDamaged(): Promise<string[]>;
  /** Newest record of a type; of rounds when none is named. */
  head(type?: RecordType): JournalRecord | undefined;
  /** @param type of rounds when none is named */
  record(number: number, type?: RecordType): JournalRecord | undefined;
  /** Newest first, of one type; of rounds when none is named. */
  records(limit: number, type?: RecordType): JournalRecord[];
  /** Every record of every type, oldest first, read one by one. */
  chain(): Iterable<JournalRecord>;
  /** Undefined when it was dropped or never written. @throws JOURNAL_ATTACHMENT_DAMAGED */
  attachment(digest: string): Uint8Array | undefined;
  /** Undefined when it was never written. @throws JOURNAL_ATTACHMENT_DAMAGED */
  part(digest: string): Json | undefined;
  close(): Promise<void>;
}

export interface JournalOpenMode {
  /** A writer holds the lock of the data folder; a second one is refused with DATA_FOLDER_LOCKED. */
  mode: 'write' | 'read';
}

export const ROUND_JOURNAL = Symbol.for('assay.RoundJournal');
