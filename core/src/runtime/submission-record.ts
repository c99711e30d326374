import { createHash } from 'node:crypto';
import type { ValidatorIdentity } from '../contracts/chain-client.js';
import type { NewRecord } from '../contracts/round-journal.js';
import { canonicalJson } from '../journal/canonical-json.js';
import type { RuntimeDeps } from './context.js';
import { newRecord } from './new-record.js';
import type { PlannedSubmission, SubmissionOutcome } from './submission-entry.js';
import type { Put } from './derived-rows.js';

/** The record of a submission; one for each plan, whichever way its outcome becomes known first. */
async function submissionRecord(
  plan: PlannedSubmission,
  result: SubmissionOutcome,
  identity: ValidatorIdentity,
): Promise<NewRecord> {
  const once = createHash('sha256').update(canonicalJson(plan)).digest('hex');
  return { ...(await newRecord('submission', { ...plan, outcome: result }, identity)), once };
}

/**
 * Writes the outcome of a submission and the rows that follow from it, all or nothing.
 * @param plan absent in an intent of version 0.1, of which nothing is put on record
 * @param rows of the derived tables, made when every earlier change is through
 */
export async function recordOutcome(
  { state, chain }: Pick<RuntimeDeps, 'state' | 'chain'>,
  plan: PlannedSubmission | undefined,
  outcome: SubmissionOutcome,
  rows: () => Put[],
): Promise<void> {
  const append = plan && (await submissionRecord(plan, outcome, await chain.identity()));
  await state.change(() => ({ ...(append && { append }), put: rows() }));
}
