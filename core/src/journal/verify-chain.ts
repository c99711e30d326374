import type { JournalRecord, RecordType, RoundJournal } from '../contracts/round-journal.js';
import { isAssayError, type AssayError } from '../errors/assay-error.js';
import { journalErrors } from './errors.js';
import { FIRST_PREVIOUS_HASH, entryHash, typeOfEntry } from './hash.js';

/** What is wrong with a record: its place in the numbering, its type, what it says it follows, or its own hash. */
export type BrokenPart = 'number' | 'type' | 'previous hash' | 'hash';

/** How many records of each type there are. */
export type RecordCounts = Record<RecordType, number>;

export type ChainVerdict =
  | { intact: true; records: number; counts: RecordCounts; head: string }
  | { intact: false; type: RecordType; number: number; broken: BrokenPart };

/** Checks the records of a chain one after another, oldest first. */
export class ChainCheck {
  head = FIRST_PREVIOUS_HASH;
  records = 0;
  readonly counts: RecordCounts = { round: 0, claim: 0, submission: 0, history: 0 };

  /** What does not fit; the record counts when nothing is wrong. */
  next(record: JournalRecord): BrokenPart | undefined {
    if (record.position !== this.records + 1 || record.number !== this.counts[record.type] + 1) return 'number';
    const broken = brokenPart(record, this.head);
    if (broken) return broken;
    this.head = record.hash;
    this.records += 1;
    this.counts[record.type] += 1;
    return undefined;
  }
}

/** Checks a whole journal, oldest record first; stops at the first record that does not fit. */
export function verifyChain(records: Iterable<JournalRecord>): ChainVerdict {
  const check = new ChainCheck();
  for (const record of records) {
    const broken = check.next(record);
    if (broken) return { intact: false, type: record.type, number: record.number, broken };
  }
  const { records: count, counts, head } = check;
  return { intact: true, records: count, counts, head };
}

/** Like verifyChain, for an open journal, one record in memory at a time. @throws JOURNAL_CHAIN_BROKEN */
export function assertChain(journal: Pick<RoundJournal, 'chain'>): Omit<ChainVerdict & { intact: true }, 'intact'> {
  const verdict = verifyChain(journal.chain());
  if (!verdict.intact) throw chainBroken(verdict, verdict.broken);
  const { records, counts, head } = verdict;
  return { records, counts, head };
}

export const chainBroken = ({ type, number }: Pick<JournalRecord, 'type' | 'number'>, broken: BrokenPart): AssayError =>
  journalErrors.JOURNAL_CHAIN_BROKEN({ number, broken, ...(type === 'round' ? {} : { type }) });

/** What does not fit, given the hash of the record before. */
export function brokenPart(record: JournalRecord, previousHash: string): BrokenPart | undefined {
  if (record.previousHash !== previousHash) return 'previous hash';
  if (record.hash !== hashOf(record)) return 'hash';
  return record.type === typeOfEntry(record.entry) ? undefined : 'type';
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
