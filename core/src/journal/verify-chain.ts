import type { JournalRecord, RoundJournal } from '../contracts/round-journal.js';
import { isAssayError } from '../errors/assay-error.js';
import { journalErrors } from './errors.js';
import { FIRST_PREVIOUS_HASH, entryHash } from './hash.js';

/** What is wrong with a record: its place in the numbering, what it says it follows, or its own hash. */
export type BrokenPart = 'number' | 'previous hash' | 'hash';

export type ChainVerdict =
  { intact: true; records: number; head: string } | { intact: false; number: number; broken: BrokenPart };

/** Checks a whole journal, oldest record first; stops at the first record that does not fit. */
export function verifyChain(records: Iterable<JournalRecord>): ChainVerdict {
  let head = FIRST_PREVIOUS_HASH;
  let count = 0;
  for (const record of records) {
    const broken = record.number === count + 1 ? brokenPart(record, head) : 'number';
    if (broken) return { intact: false, number: record.number, broken };
    head = record.hash;
    count += 1;
  }
  return { intact: true, records: count, head };
}

/** Like verifyChain, for an open journal, one record in memory at a time. @throws JOURNAL_CHAIN_BROKEN */
export function assertChain(journal: Pick<RoundJournal, 'head' | 'record'>): { records: number; head: string } {
  const verdict = verifyChain(oldestFirst(journal));
  if (!verdict.intact) throw journalErrors.JOURNAL_CHAIN_BROKEN({ number: verdict.number, broken: verdict.broken });
  const newest = journal.head()?.number ?? 0;
  if (verdict.records < newest) {
    throw journalErrors.JOURNAL_CHAIN_BROKEN({ number: verdict.records + 1, broken: 'number' });
  }
  return { records: verdict.records, head: verdict.head };
}

/** What does not fit, given the hash of the record before. */
export function brokenPart(record: JournalRecord, previousHash: string): BrokenPart | undefined {
  if (record.previousHash !== previousHash) return 'previous hash';
  return record.hash === hashOf(record) ? undefined : 'hash';
}

/** An entry that has no canonical form has no hash either. */
function hashOf(record: JournalRecord): string | undefined {
  try {
    return entryHash(record.previousHash, record.entry);
  } catch (error) {
    if (isAssayError(error)) return undefined;
    throw error;
  }
}

function* oldestFirst(journal: Pick<RoundJournal, 'head' | 'record'>): Generator<JournalRecord> {
  const newest = journal.head()?.number ?? 0;
  for (let number = 1; number <= newest; number += 1) {
    const record = journal.record(number);
    if (!record) return;
    yield record;
  }
}
