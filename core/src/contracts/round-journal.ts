/** A value that JSON holds without loss. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** One recorded round. `hash` = sha256(previousHash + canonical JSON of `entry`), hex; the first follows 64 zeros. */
export interface JournalRecord {
  /** 1, 2, 3, ... without gaps. */
  number: number;
  previousHash: string;
  hash: string;
  entry: Json;
  /** sr25519 by the validator's hotkey over the hash's 32 bytes, hex with 0x; absent without a key. */
  signature?: string;
}

/** One atomic change: all of it or nothing survives a crash. */
export interface JournalChange {
  /** A round to append. */
  append?: { entry: Json; sign?: (hash: Uint8Array) => Promise<Uint8Array> };
  /** Rows of derived tables to write; a value of undefined deletes the row. */
  put?: readonly { table: string; key: string; value: Json | undefined }[];
}

/**
 * The validator's memory: an append-only chain of rounds and small derived tables beside it, durable when a commit
 * resolves. One writer; readers beside it.
 */
export interface RoundJournal {
  commit(change: JournalChange): Promise<JournalRecord | undefined>;
  get(table: string, key: string): Json | undefined;
  /** In code-point order of keys. */
  entries(table: string): { key: string; value: Json }[];
  /**
   * Deletes derived rows that are not as they were written.
   * @returns names of the tables that held such a row, or that lack rows which were written
   */
  dropDamaged(): Promise<string[]>;
  /** Newest record. */
  head(): JournalRecord | undefined;
  record(number: number): JournalRecord | undefined;
  /** Newest first. */
  records(limit: number): JournalRecord[];
  close(): Promise<void>;
}

export interface JournalOpenMode {
  /** A writer holds the lock of the data folder; a second one is refused with DATA_FOLDER_LOCKED. */
  mode: 'write' | 'read';
}

export const ROUND_JOURNAL = Symbol.for('assay.RoundJournal');
