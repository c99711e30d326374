import { createHash } from 'node:crypto';
import type Database from 'libsql';
import { z } from 'zod';
import { bytes, text } from '@assay/lib-libsql';

/** A derived row as it is stored, still bytes. */
const storedRow = z.object({ name: bytes, key: bytes, value: bytes, checksum: bytes.nullable() });
type StoredRow = z.infer<typeof storedRow>;
const sealRow = z.object({ name: bytes, value: bytes });

const SELECT = `SELECT CAST(name AS BLOB) AS name, CAST(key AS BLOB) AS key, CAST(value AS BLOB) AS value,
  CAST(checksum AS BLOB) AS checksum FROM derived`;
/** Seals of derived tables are named after them; the seal of the records has a name that no table has. */
const RECORDS = '';
const NOTHING = Buffer.alloc(32);

/** What a row was written with: sha256 over name, key and value, each behind its length. */
function checksumOf(parts: readonly Buffer[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest();
}

const isWhole = ({ name, key, value, checksum }: StoredRow): boolean =>
  checksum?.equals(checksumOf([name, key, value])) === true;

const xor = (a: Buffer, b: Buffer): Buffer => Buffer.from(a.map((byte, index) => byte ^ (b[index] ?? 0)));

export type Found = { key: string; value: string } | 'damaged';

/** The row; 'damaged' when it is not as it was written. */
export function readRow(database: Database.Database, table: string, key: string): Found | undefined {
  const row = database.prepare(`${SELECT} WHERE name = ? AND key = ?`).get(table, key);
  return row === undefined ? undefined : found(row);
}

/** In code-point order of keys. */
export function readRows(database: Database.Database, table: string): Found[] {
  return database.prepare(`${SELECT} WHERE name = ? ORDER BY key`).all(table).map(found);
}

function found(row: unknown): Found {
  const stored = storedRow.safeParse(row);
  if (!stored.success || !isWhole(stored.data)) return 'damaged';
  const decoded = z.object({ key: text, value: text }).safeParse(stored.data);
  return decoded.success ? decoded.data : 'damaged';
}

/** Writes or deletes (`value` undefined) a row, and keeps the seal of its table, inside the caller's transaction. */
export function writeRow(
  database: Database.Database,
  { table, key, value }: { table: string; key: string; value: string | undefined },
): void {
  const before = z
    .object({ checksum: bytes.nullable() })
    .optional()
    .parse(database.prepare('SELECT checksum FROM derived WHERE name = ? AND key = ?').get(table, key));
  const after = value === undefined ? undefined : checksumOf([table, key, value].map((part) => Buffer.from(part)));
  if (value === undefined) database.prepare('DELETE FROM derived WHERE name = ? AND key = ?').run(table, key);
  else
    database
      .prepare('INSERT OR REPLACE INTO derived (name, key, value, checksum) VALUES (?, ?, ?, ?)')
      .run(table, key, value, after);
  const seal = xor(readSeal(database, table) ?? NOTHING, xor(before?.checksum ?? NOTHING, after ?? NOTHING));
  writeSeal(database, table, seal);
}

function readSeal(database: Database.Database, name: string): Buffer | undefined {
  const row = database.prepare('SELECT value FROM seals WHERE name = ?').get(name);
  return z.object({ value: bytes }).optional().parse(row)?.value;
}

function writeSeal(database: Database.Database, name: string, value: Buffer): void {
  database.prepare('INSERT OR REPLACE INTO seals (name, value) VALUES (?, ?)').run(name, value);
}

/** Remembers the newest record beside the records themselves, inside the transaction that appends it. */
export function sealRecords(database: Database.Database, number: number, hash: string): void {
  writeSeal(database, RECORDS, Buffer.from(`${number} ${hash}`));
}

/** Number and hash of the newest record when it was appended; undefined where nothing readable says so. */
export function sealedRecords(database: Database.Database): { number: number; hash: string } | undefined {
  const match = /^(\d{1,15}) ([0-9a-f]{64})$/.exec(readSeal(database, RECORDS)?.toString('latin1') ?? '');
  return match?.[1] === undefined || match[2] === undefined ? undefined : { number: Number(match[1]), hash: match[2] };
}

interface Survey {
  whole: { name: string; key: string; value: string; checksum: Buffer }[];
  /** Tables that hold a damaged row, or whose rows are not all those that were written. */
  damaged: string[];
}

/** Looks at every row of every derived table. */
export function surveyRows(database: Database.Database): Survey {
  const whole: Survey['whole'] = [];
  const damaged = new Set<string>();
  const sums = new Map<string, Buffer>();
  for (const row of database.prepare(SELECT).all()) {
    const stored = storedRow.safeParse(row);
    const decoded = z
      .object({ name: text, key: text, value: text })
      .safeParse(stored.success && isWhole(stored.data) ? stored.data : undefined);
    if (!stored.success || !decoded.success) {
      damaged.add(stored.success ? stored.data.name.toString('latin1') : 'unknown');
      continue;
    }
    const checksum = checksumOf([stored.data.name, stored.data.key, stored.data.value]);
    whole.push({ ...decoded.data, checksum });
    sums.set(decoded.data.name, xor(sums.get(decoded.data.name) ?? NOTHING, checksum));
  }
  const seals = new Map(
    z
      .array(sealRow)
      .parse(database.prepare('SELECT CAST(name AS BLOB) AS name, value FROM seals').all())
      .map(({ name, value }) => [name.toString('latin1'), value]),
  );
  for (const name of new Set([...sums.keys(), ...seals.keys()])) {
    if (name !== RECORDS && !(seals.get(name) ?? NOTHING).equals(sums.get(name) ?? NOTHING)) damaged.add(name);
  }
  return { whole, damaged: [...damaged].sort() };
}

/** Replaces all rows by these, with their seals, inside the caller's transaction. */
export function rewriteRows(database: Database.Database, whole: Survey['whole']): void {
  database.exec('DELETE FROM derived');
  database.prepare('DELETE FROM seals WHERE name <> ?').run(RECORDS);
  for (const { name, key, value } of whole) writeRow(database, { table: name, key, value });
}
