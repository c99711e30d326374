import { promisify } from 'node:util';
import { deflateRaw, inflateRawSync } from 'node:zlib';
import type { Attachment, SharedPart } from '@assay/core/contracts/round-journal';
import { canonicalJson } from '@assay/core/journal/canonical-json';
import { digestOf } from '@assay/core/journal/hash';
import type Database from 'libsql';
import { z } from 'zod';
import { bytes, text } from '@assay/lib-libsql';

/** Bytes that an attachment has at most once it is unpacked: what is damaged must not fill the memory. */
const LARGEST = 1024 * 1024 * 1024;

const packedRow = z.object({ content: bytes, packed: z.number() });
const partRow = z.object({ value: text });
const pack = promisify(deflateRaw);
const PACKED_AT_A_TIME = 16;

/** An attachment as it is stored: deflated where that makes it smaller. */
interface PackedAttachment {
  digest: string;
  content: Uint8Array;
  packed: boolean;
}

/** A part as it is stored: canonical JSON. */
interface PartText {
  digest: string;
  value: string;
}

/** The parts that are not there as they should be: most of a record's are. */
export function missingParts(database: Database.Database, parts: readonly SharedPart[]): PartText[] {
  return parts
    .map(({ digest, value }) => ({ digest, value: canonicalJson(value) }))
    .filter(({ digest, value }) => storedPart(database, digest) !== value);
}

/** Works in threads of its own, some at a time since each takes memory and a start: the event loop goes on. */
export async function packed(attachments: readonly Attachment[]): Promise<PackedAttachment[]> {
  const all: PackedAttachment[] = [];
  for (let at = 0; at < attachments.length; at += PACKED_AT_A_TIME)
    all.push(...(await Promise.all(attachments.slice(at, at + PACKED_AT_A_TIME).map(packedOne))));
  return all;
}

async function packedOne({ digest, content }: Attachment): Promise<PackedAttachment> {
  const small = await pack(content);
  const pays = small.length < content.length;
  return { digest, content: pays ? small : content, packed: pays };
}

/** Writes what is not there yet, and notes the newest record that names it, inside the caller's transaction. */
export function writeAttachments(
  database: Database.Database,
  attachments: readonly PackedAttachment[],
  position: number,
): void {
  const insert = database.prepare(
    `INSERT INTO attachments (digest, content, packed, newest) VALUES (?, ?, ?, ?)
     ON CONFLICT (digest) DO UPDATE SET newest = excluded.newest, content = excluded.content, packed = excluded.packed`,
  );
  for (const { digest, content, packed: isPacked } of attachments)
    insert.run(Buffer.from(digest, 'hex'), content, isPacked ? 1 : 0, position);
}

/** Drops attachments that no record from this position on names. */
export function dropAttachments(database: Database.Database, before: number): void {
  database.prepare('DELETE FROM attachments WHERE newest < ?').run(before);
}

/** The content; 'damaged' when it is not as it was written; undefined when it is not there. */
export function readAttachment(database: Database.Database, digest: string): Uint8Array | 'damaged' | undefined {
  const row = database
    .prepare('SELECT content, packed FROM attachments WHERE digest = ?')
    .get([Buffer.from(digest, 'hex')]);
  if (row === undefined) return undefined;
  const stored = packedRow.safeParse(row);
  const content = stored.success ? unpacked(stored.data) : undefined;
  return content && digestOf(content) === digest ? content : 'damaged';
}

function unpacked({ content, packed: isPacked }: z.infer<typeof packedRow>): Uint8Array | undefined {
  if (isPacked === 0) return content;
  try {
    return inflateRawSync(content, { maxOutputLength: LARGEST });
  } catch {
    return undefined;
  }
}

/** Parts are stored once. One that a disk has changed since is made good by the next record that names it. */
export function writeParts(database: Database.Database, parts: readonly PartText[]): void {
  const insert = database.prepare(
    `INSERT INTO parts (digest, value) VALUES (?, ?)
     ON CONFLICT (digest) DO UPDATE SET value = excluded.value`,
  );
  for (const { digest, value } of parts) insert.run(Buffer.from(digest, 'hex'), value);
}

/** The part's JSON text; 'damaged' when it is not as it was written; undefined when it is not there. */
export function readPart(database: Database.Database, digest: string): string | undefined {
  const stored = storedPart(database, digest);
  return stored === undefined || digestOf(Buffer.from(stored)) === digest ? stored : 'damaged';
}

function storedPart(database: Database.Database, digest: string): string | undefined {
  const row = database
    .prepare('SELECT CAST(value AS BLOB) AS value FROM parts WHERE digest = ?')
    .get([Buffer.from(digest, 'hex')]);
  return row === undefined ? undefined : (partRow.safeParse(row).data?.value ?? 'damaged');
}
