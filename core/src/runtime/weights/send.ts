import { asHotkey, asUid } from '../../contracts/brands.js';
import type { SubmissionTicket, WeightsReceipt } from '../../contracts/chain-client.js';
import type { AssayError } from '../../errors/assay-error.js';
import { canonicalJson } from '../../journal/canonical-json.js';
import { abortError, toAssayError } from '../../errors/describe.js';
import type { RuntimeDeps } from '../context.js';
import type { PlannedSubmission } from '../submission-entry.js';
import { recordOutcome } from '../submission-record.js';
import { put } from '../derived-rows.js';
import { outcomeOf } from '../weights-plan.js';
import { landedRows } from './last-submission.js';

type SendDeps = Pick<RuntimeDeps, 'chain' | 'state' | 'clock' | 'profile' | 'rules'>;

/** The client found another owner on a uid right before it signed; nothing was sent. */
export const HOTKEYS_CHANGED = 'HOTKEYS_CHANGED';

/**
 * Sends a planned submission once. The intent is on disk, with the newest ticket, before the client sends anything; it goes
 * with the record of the outcome.
 * @param lastUpdate of our uid, as the plan's snapshot shows it
 * @throws the client's error; the intent stays unless the chain has refused the submission
 */
export async function sendWeights(
  deps: SendDeps,
  plan: PlannedSubmission,
  lastUpdate: number,
  signal: AbortSignal,
): Promise<WeightsReceipt> {
  const { chain, state, profile } = deps;
  const { block, uids, weights, round } = plan;
  const intent = { block, lastUpdate, uids, weights, round, submission: plan };
  let kept: SubmissionTicket | undefined;
  const keep = async (ticket: SubmissionTicket): Promise<void> => {
    if (signal.aborted) throw abortError();
    kept = ticket;
    await state.write(put.weightsIntent({ ...intent, ticket }));
  };
  /** An answer that comes after the submission was settled another way changes nothing. */
  const isStillOpen = (): boolean => {
    const stored = state.weightsIntent()?.ticket;
    // The journal orders the members of a ticket, so two spellings of one ticket are compared in one order.
    return stored === undefined || kept === undefined ? stored === kept : canonicalJson(stored) === canonicalJson(kept);
  };
  const submission = { uids: uids.map(asUid), hotkeys: ownersOf(plan), weights, versionKey: profile.weightsVersionKey };
  let receipt;
  try {
    receipt = await chain.setWeights(submission, signal, keep);
  } catch (error) {
    const known: AssayError = toAssayError(error);
    if (known.fault === 'chain' && known.code !== HOTKEYS_CHANGED) {
      const outcome = { status: 'refused', error: known.toReport() } as const;
      await recordOutcome(deps, plan, outcome, () => (isStillOpen() ? [put.weightsIntent(undefined)] : []));
    }
    throw error;
  }
  const { at, mode, reveal = { block: at.number, by: 'chain' as const } } = receipt;
  const landing = { block: at.number, ...(mode === 'committed' ? { reveal } : {}) };
  const ticket = kept === undefined ? {} : { ticket: kept };
  await recordOutcome(deps, plan, outcomeOf(receipt), () =>
    isStillOpen() ? landedRows(deps, { ...intent, ...ticket }, landing) : [],
  );
  return receipt;
}

/** The hotkey that each uid is meant for. */
function ownersOf({ seats, uids }: PlannedSubmission): ReturnType<typeof asHotkey>[] {
  const owners = new Map(seats.map(({ uid, hotkey }) => [uid, hotkey]));
  return uids.map((uid) => asHotkey(owners.get(uid) ?? ''));
}
