import { z } from 'zod';
import type { Json } from '../contracts/round-journal.js';
import { ruleRecord, ruleState } from '../contracts/rule.js';
import { issuesOf } from '../config/resolve.js';
import { errorReport } from '../errors/error-report.js';
import { journalErrors } from '../journal/errors.js';
import { joinEntry, type Contents, type MissingContent } from '../journal/stored-entry.js';
import type { RuleBook } from '../rules/rule-book.js';
import { submissionOf, type Submission } from '../rules/submission.js';

const uidWeights = z.array(z.number());

/** A submission of weights before its outcome is known: what it follows from, and what is sent. */
export const plannedSubmission = z.object({
  type: z.literal('submission'),
  format: z.literal(2),
  rulesVersion: z.number(),
  /** ISO 8601: when it was planned. */
  recordedAt: z.string(),
  netuid: z.number(),
  hotkey: z.string(),
  /** Of the snapshot that it follows from. */
  block: z.number(),
  blockHash: z.string(),
  /** Number of the newest round then. */
  round: z.number(),
  schedule: z.array(z.object({ id: z.number(), share: z.number() })),
  /** Of competitions in force, by id. */
  standings: z.record(z.string(), ruleState),
  /** Merge rules, in order. */
  merge: z.array(ruleRecord),
  /** Everybody who was registered. */
  seats: z.array(z.object({ uid: z.number().int(), hotkey: z.string() })),
  /** Of the subnet's owner, where the chain tells it. */
  ownerHotkey: z.string().nullable(),
  minAllowedWeights: z.number(),
  /** By uid. */
  shares: uidWeights,
  uids: z.array(z.number()),
  /** u16, one for each of `uids`. */
  weights: uidWeights,
});
export type PlannedSubmission = z.infer<typeof plannedSubmission>;

const outcome = z.discriminatedUnion('status', [
  z.object({ status: z.literal('set'), block: z.number(), blockHash: z.string() }),
  /** To be revealed by the chain later. */
  z.object({
    status: z.literal('committed'),
    block: z.number(),
    blockHash: z.string(),
    revealBlock: z.number().nullable(),
  }),
  z.object({ status: z.literal('refused'), error: errorReport }),
  /** A crash or a lost answer hid the outcome; the chain's own record told it later. */
  z.object({ status: z.literal('landed'), block: z.number() }),
  z.object({ status: z.literal('not-landed') }),
]);
export type SubmissionOutcome = z.infer<typeof outcome>;

export const submissionEntry = plannedSubmission.extend({ outcome });
export type SubmissionEntry = z.infer<typeof submissionEntry>;

export interface SubmissionReplay {
  agrees: boolean;
  differences: string[];
  missing: MissingContent[];
  submission: Pick<Submission, 'shares' | 'uids' | 'weights'>;
}

/**
 * Computes the weights of a recorded submission again.
 * @throws JOURNAL_EXPORT_MALFORMED when it is no submission, JOURNAL_PART_MISSING, RULE_UNKNOWN, RULE_VERSION
 */
export function replaySubmission(stored: Json, contents: Contents, book: RuleBook): SubmissionReplay {
  const { entry, missing } = joinEntry(stored, contents);
  const parsed = submissionEntry.safeParse(entry);
  if (!parsed.success) throw journalErrors.JOURNAL_EXPORT_MALFORMED({ issues: issuesOf(parsed.error).slice(0, 5) });
  const { shares, uids, weights } = submissionOf(parsed.data, book);
  const computed = { shares, uids, weights };
  const differences = (['shares', 'uids', 'weights'] as const).flatMap((member) => {
    const [recorded, again] = [parsed.data[member], computed[member]];
    const equal = recorded.length === again.length && recorded.every((value, index) => value === again[index]);
    return equal ? [] : [`${member}: recorded ${JSON.stringify(recorded)}, recomputed ${JSON.stringify(again)}`];
  });
  return { agrees: differences.length === 0, differences, missing, submission: computed };
}
