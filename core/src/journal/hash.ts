import { createHash } from 'node:crypto';
import { z } from 'zod';
import { RECORD_TYPES, type Json, type RecordType } from '../contracts/round-journal.js';
import { canonicalJson } from './canonical-json.js';

/** What the first record follows. */
export const FIRST_PREVIOUS_HASH = '0'.repeat(64);

/** sha256 over the UTF-8 of the previous hash (64 hex digits) followed by the entry's canonical JSON; 64 hex digits. */
export function entryHash(previousHash: string, entry: Json): string {
  return hashOfText(previousHash, canonicalJson(entry));
}

/** The same for an entry whose canonical JSON is at hand. */
export function hashOfText(previousHash: string, entry: string): string {
  return createHash('sha256').update(previousHash).update(entry).digest('hex');
}

/** Digest by which an entry names an attachment: sha256, 64 hex digits. */
export function digestOf(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Digest by which an entry names a shared part: sha256 of its canonical JSON, 64 hex digits. */
export function partDigest(value: Json): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}

const typed = z.looseObject({ type: z.enum(RECORD_TYPES) });

/** What a record with this entry is about. The hash covers it, because the entry itself says it. */
export const typeOfEntry = (entry: Json): RecordType => typed.safeParse(entry).data?.type ?? 'round';
