import type Database from 'libsql';

/** `ASYN`: tells a network from any other SQLite file. */
export const APPLICATION_ID = 0x4153594e;

const TABLES = `
  CREATE TABLE network (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    genesis_digest TEXT NOT NULL,
    netuid INTEGER NOT NULL,
    seed TEXT NOT NULL,
    hyperparameters TEXT NOT NULL,
    block_time REAL NOT NULL,
    head INTEGER NOT NULL,
    head_at REAL NOT NULL,
    changed_at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE accounts (hotkey TEXT PRIMARY KEY, name TEXT UNIQUE, derivation TEXT) STRICT;
  CREATE TABLE neurons (
    uid INTEGER PRIMARY KEY,
    hotkey TEXT NOT NULL UNIQUE,
    coldkey TEXT NOT NULL,
    stake TEXT NOT NULL,
    validator_permit INTEGER NOT NULL,
    last_update INTEGER NOT NULL,
    registered_at INTEGER NOT NULL,
    incentive REAL NOT NULL,
    dividends REAL NOT NULL,
    validator_trust REAL NOT NULL
  ) STRICT;
  CREATE TABLE commitments (hotkey TEXT PRIMARY KEY, data TEXT NOT NULL, block INTEGER NOT NULL) STRICT;
  CREATE TABLE weights (uid INTEGER PRIMARY KEY, row TEXT NOT NULL) STRICT;
  PRAGMA application_id = ${APPLICATION_ID};`;

/** Epochs start to count at the head; whatever stands in a slot is a text. */
const EPOCHS_AND_REVEALS = `
  ALTER TABLE network ADD COLUMN last_epoch INTEGER;
  UPDATE network SET last_epoch = head;
  ALTER TABLE commitments ADD COLUMN kind TEXT NOT NULL DEFAULT 'text';
  ALTER TABLE commitments ADD COLUMN opens INTEGER;
  CREATE TABLE revealed (
    id INTEGER PRIMARY KEY AUTOINCREMENT, hotkey TEXT NOT NULL, data TEXT NOT NULL, block INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX revealed_by_hotkey ON revealed (hotkey);`;

/** The number of epochs starts to count at 0; a submission is found again by its ticket's id. */
const SUBMISSIONS = `
  ALTER TABLE network ADD COLUMN epoch_index INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE network ADD COLUMN inclusion_delay INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE submissions (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    hotkey TEXT NOT NULL,
    call TEXT NOT NULL,
    content TEXT NOT NULL,
    state TEXT NOT NULL,
    block INTEGER NOT NULL,
    epoch INTEGER,
    error TEXT,
    revealed_at INTEGER,
    reason TEXT
  ) STRICT;
  CREATE INDEX submissions_by_state ON submissions (state);`;

/** The step at index N leads from schema N to schema N + 1. */
const STEPS = [TABLES, EPOCHS_AND_REVEALS, SUBMISSIONS] as const;

export const SCHEMA_VERSION = STEPS.length;

/** Schema of a file; 0: it holds nothing yet. */
export function schemaOf(database: Database.Database): number {
  const row: unknown = database.prepare('SELECT user_version AS version FROM pragma_user_version').get();
  return row !== null && typeof row === 'object' && 'version' in row ? Number(row.version) : 0;
}

/** Brings a file of an older schema, or an empty one, up to the present one. */
export function upgrade(database: Database.Database): void {
  for (const step of STEPS.slice(schemaOf(database))) database.exec(step);
  database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
}
