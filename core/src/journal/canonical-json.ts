import canonicalize from 'canonicalize';
import type { Json } from '../contracts/round-journal.js';
import { journalErrors } from './errors.js';

/**
 * RFC 8785: members in order of UTF-16 code units, numbers as ECMAScript prints them, no white space. Members that are
 * undefined are left out.
 *
 * @throws JOURNAL_VALUE_INVALID for NaN, an infinity, a bigint, a cycle, or a string with half a surrogate pair
 */
export function canonicalJson(value: Json): string {
  let text: string | undefined;
  try {
    text = canonicalize(value);
  } catch (error) {
    throw journalErrors.JOURNAL_VALUE_INVALID(
      { reason: error instanceof Error ? error.message : String(error) },
      error,
    );
  }
  if (text === undefined) throw journalErrors.JOURNAL_VALUE_INVALID({ reason: 'it has no JSON form' });
  return text;
}
