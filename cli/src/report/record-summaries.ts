import type { JournalRecord } from '@assay/core/contracts/round-journal';
import { joinEntry, type Contents } from '@assay/core/journal/stored-entry';
import { claimEntry } from '@assay/core/runtime/claim-record';
import { historyOf } from '@assay/core/runtime/intake/history-record';
import { submissionEntry } from '@assay/core/runtime/submission-entry';

interface ClaimSummary {
  number: number;
  hash: string;
  recordedAt: string;
  block: number;
  uid: number;
  hotkey: string;
  commitment: string;
  /** `accepted`, `queued`, `ignored` or `left`, or the code of the refusal. */
  outcome: string;
}

/** The line of a recorded claim in a list. */
export function claimSummaryOf({ number, hash, entry }: JournalRecord, contents: Contents): ClaimSummary {
  const { recordedAt, block, claim, outcome } = claimEntry.parse(joinEntry(entry, contents).entry);
  const { uid, hotkey, commitment } = claim;
  const became = outcome.status === 'refused' ? outcome.error.code : outcome.status;
  return { number, hash, recordedAt, block, uid, hotkey, commitment, outcome: became };
}

interface SubmissionSummary {
  number: number;
  hash: string;
  recordedAt: string;
  block: number;
  /** Uids that got weight. */
  uids: number;
  /** `set`, `committed`, `landed`, `not-landed`, or the code of the refusal. */
  outcome: string;
}

/** The line of a recorded submission in a list. */
export function submissionSummaryOf({ number, hash, entry }: JournalRecord, contents: Contents): SubmissionSummary {
  const { recordedAt, block, uids, outcome } = submissionEntry.parse(joinEntry(entry, contents, 'left-out').entry);
  const became = outcome.status === 'refused' ? outcome.error.code : outcome.status;
  return { number, hash, recordedAt, block, uids: uids.length, outcome: became };
}

interface HistorySummary {
  number: number;
  hash: string;
  recordedAt: string;
  block: number;
  competition: string;
  /** Where it is from: `start`, `config` or `journal`. */
  source: string;
  /** Marks of the entrants rule that were taken over. */
  marks: number;
}

/** The line of a recorded history in a list. */
export function historySummaryOf(record: JournalRecord, contents: Contents): HistorySummary {
  const { number, hash } = record;
  const { recordedAt, block, competition, source, marks } = historyOf(record, contents);
  return { number, hash, recordedAt, block, competition: competition.name, source: source.kind, marks: marks.length };
}
