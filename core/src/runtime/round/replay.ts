import type { Json } from '../../contracts/round-journal.js';
import { joinEntry, type Contents, type MissingContent } from '../../journal/stored-entry.js';
import type { RuleBook } from '../../rules/rule-book.js';
import { replayEntry, type ReplayResult } from './entry.js';

export interface RoundReplay extends Omit<ReplayResult, 'agrees'> {
  /** Null where it cannot be said: contents are missing, and the verdict differs without them. */
  agrees: boolean | null;
  /** Contents that are not there any more; what they say was not checked. */
  missing: MissingContent[];
}

/**
 * Judges a recorded round again, with the contents that its entry names.
 * @throws JOURNAL_EXPORT_MALFORMED when it is not the entry of a round, JOURNAL_ATTACHMENT_DAMAGED, JOURNAL_PART_MISSING,
 * RULE_UNKNOWN, RULE_VERSION
 */
export function replayRound(stored: Json, contents: Contents, book: RuleBook): RoundReplay {
  const { entry, missing } = joinEntry(stored, contents);
  const result = replayEntry(entry, book);
  return { ...result, agrees: result.agrees || missing.length === 0 ? result.agrees : null, missing };
}
