import type { RoundJournal } from '@assay/core/contracts/round-journal';
import { joinEntry } from '@assay/core/journal/stored-entry';
import { RuleBook } from '@assay/core/rules/rule-book';
import type { RoundEntry } from '@assay/core/runtime/round/entry-shape';
import { readRound } from '@assay/core/runtime/round/read-round';
import { replayRound, type RoundReplay } from '@assay/core/runtime/round/replay';

const recordOf = (journal: RoundJournal, number: number) => journal.record(number)?.entry ?? null;

/** The whole entry of a round on record. */
export const wholeRound = (journal: RoundJournal, number: number): RoundEntry =>
  readRound(joinEntry(recordOf(journal, number), journal).entry).entry;

/** A round on record, judged again. */
export const replayed = (journal: RoundJournal, number: number, book = new RuleBook()): RoundReplay =>
  replayRound(recordOf(journal, number), journal, book);
