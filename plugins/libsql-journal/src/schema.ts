import type Database from 'libsql';
import { sealRecords, writeRow } from './derived-table.js';
import { text } from '@assay/lib-libsql';
import { z } from 'zod';
import { libsqlJournalErrors } from './errors.js';

/** `ASYJ`: tells a journal from any other SQLite file. */
const APPLICATION_ID = 0x4153594a;

/** Step n leads from schema version n to n + 1. A step that was released is never changed. */
const MIGRATIONS: readonly (string | ((database: Database.Database) => void))[] = [
  `CREATE TABLE records (
     number INTEGER PRIMARY KEY CHECK (number > 0),
     previous_hash TEXT NOT NULL,
     hash TEXT NOT NULL UNIQUE,
     entry TEXT NOT NULL,
     signature TEXT
   ) STRICT;
   CREATE TRIGGER records_are_never_changed BEFORE UPDATE ON records BEGIN SELECT RAISE(ABORT, 'a record is final'); END;
   CREATE TRIGGER records_are_never_deleted BEFORE DELETE ON records BEGIN SELECT RAISE(ABORT, 'a record is final'); END;
   CREATE TABLE derived (
     name TEXT NOT NULL,
     key TEXT NOT NULL,
     value TEXT NOT NULL,
     PRIMARY KEY (name, key)
   ) STRICT, WITHOUT ROWID;`,
  addChecksums,
  // Records get a type and a number within it; those that are there are rounds. Attachments and parts lie beside the chain.
  `ALTER TABLE records ADD COLUMN type TEXT NOT NULL DEFAULT 'round';
   ALTER TABLE records ADD COLUMN ordinal INTEGER;
   ALTER TABLE records ADD COLUMN once TEXT;
   CREATE UNIQUE INDEX records_by_type ON records (type, coalesce(ordinal, number));
   CREATE UNIQUE INDEX records_once ON records (once) WHERE once IS NOT NULL;
   CREATE TABLE attachments (
     digest BLOB NOT NULL UNIQUE,
     content BLOB NOT NULL,
     packed INTEGER NOT NULL,
     newest INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX attachments_by_newest ON attachments (newest);
   CREATE TABLE parts (digest BLOB PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;`,
];

const SCHEMA_VERSION: number = MIGRATIONS.length;

const header = z.object({ application: z.number(), version: z.number(), tables: z.number() });

const unsealed = z.object({ name: text, key: text, value: text });
const newest = z.object({ number: z.number(), hash: text }).optional();

/** Every derived row gets a checksum, every derived table a seal over its rows, and the records one for the newest. */
function addChecksums(database: Database.Database): void {
  database.exec(
    `ALTER TABLE derived ADD COLUMN checksum BLOB;
     CREATE TABLE seals (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;`,
  );
  const rows = database
    .prepare('SELECT CAST(name AS BLOB) AS name, CAST(key AS BLOB) AS key, CAST(value AS BLOB) AS value FROM derived')
    .all();
  for (const row of rows) {
    // A row that is not text stays without a checksum, and counts as damaged.
    const { data } = unsealed.safeParse(row);
    if (data) writeRow(database, { table: data.name, key: data.key, value: data.value });
  }
  const head = newest.parse(
    database.prepare('SELECT number, CAST(hash AS BLOB) AS hash FROM records ORDER BY number DESC LIMIT 1').get(),
  );
  if (head) sealRecords(database, head.number, head.hash);
}

/** Whose file it is, before anything is written to it. @throws JOURNAL_FOREIGN or JOURNAL_NEWER */
export function inspectSchema(database: Database.Database, file: string): 'empty' | 'outdated' | 'current' {
  const { application, version, tables } = header.parse(
    database
      .prepare(
        `SELECT application_id AS application, user_version AS version, (SELECT count(*) FROM sqlite_schema) AS tables
         FROM pragma_application_id, pragma_user_version`,
      )
      .get(),
  );
  if (application === 0 && version === 0 && tables === 0) return 'empty';
  if (application !== APPLICATION_ID) throw libsqlJournalErrors.JOURNAL_FOREIGN({ file });
  if (version > SCHEMA_VERSION) throw libsqlJournalErrors.JOURNAL_NEWER({ file, version, known: SCHEMA_VERSION });
  return version < SCHEMA_VERSION ? 'outdated' : 'current';
}

/** Schema version of the file; a reader may open one that no writer has brought to the current one yet. */
export const schemaVersion = (database: Database.Database): number =>
  z.object({ user_version: z.number() }).parse(database.prepare('PRAGMA user_version').get()).user_version;

/** Brings the file to the current schema, all steps or none. */
export function migrate(database: Database.Database): void {
  const version = schemaVersion(database);
  database.exec('BEGIN IMMEDIATE');
  try {
    for (const step of MIGRATIONS.slice(version)) {
      if (typeof step === 'string') database.exec(step);
      else step(database);
    }
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`);
  } catch (error) {
    if (database.inTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
