import type { RoundJournal } from '@assay/core/contracts/round-journal';
import { joinEntry } from '@assay/core/journal/stored-entry';
import { roundEntry, type RoundEntry } from '@assay/core/runtime/round/entry';
import { replayRound, type RoundReplay } from '@assay/core/runtime/round/replay';

const recordOf = (journal: RoundJournal, number: number) => journal.record(number)?.entry ?? null;

/** The whole entry of a round on record. */
export const wholeRound = (journal: RoundJournal, number: number): RoundEntry =>
  roundEntry.parse(joinEntry(recordOf(journal, number), journal).entry);

/** A round on record, judged again. */
export const replayed = (journal: RoundJournal, number: number): RoundReplay =>
  replayRound(recordOf(journal, number), journal);
