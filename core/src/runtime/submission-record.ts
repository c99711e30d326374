import { createHash } from 'node:crypto';
import type { ValidatorIdentity } from '../contracts/chain-client.js';
import type { NewRecord } from '../contracts/round-journal.js';
import { canonicalJson } from '../journal/canonical-json.js';
import { newRecord } from './new-record.js';
import type { PlannedSubmission, SubmissionOutcome } from './submission-entry.js';

/** The record of a submission; one for each plan, whichever way its outcome becomes known first. */
export async function submissionRecord(
  plan: PlannedSubmission,
  result: SubmissionOutcome,
  identity: ValidatorIdentity,
): Promise<NewRecord> {
  const once = createHash('sha256').update(canonicalJson(plan)).digest('hex');
  return { ...(await newRecord('submission', { ...plan, outcome: result }, identity)), once };
}
