import { createHash } from 'node:crypto';
import type { Json } from '../contracts/round-journal.js';
import { canonicalJson } from './canonical-json.js';

/** What the first record follows. */
export const FIRST_PREVIOUS_HASH = '0'.repeat(64);

/** sha256 over the UTF-8 of the previous hash (64 hex digits) followed by the entry's canonical JSON; 64 hex digits. */
export function entryHash(previousHash: string, entry: Json): string {
  return createHash('sha256').update(previousHash).update(canonicalJson(entry)).digest('hex');
}
