import { claimTextOf } from '@assay/core/chain/claim-texts';
import type { ChainClient, ChainSnapshot, UnreadableCommitment } from '@assay/core/contracts/chain-client';
import type { Claim, CommitmentScheme } from '@assay/core/contracts/commitment-scheme';
import type { Teller } from '../model-command.js';
import { modelCommandErrors } from './errors.js';

/** How a claim is put on chain. */
interface Committing {
  chain: ChainClient;
  scheme: CommitmentScheme;
  hotkey: string;
  /** Blocks for which a scheme of revealed commitments keeps the claim encrypted; one tempo when left out. */
  revealAfter: number | undefined;
  /** Whether a timelocked commitment that waits for its block may be replaced. */
  replaceTimelocked: boolean;
  tell: Pick<Teller, 'step'>;
}

/** A claim on chain. */
export interface Committed {
  /** Block that decides which of two models is the earlier one; null until a timelocked claim has opened. */
  block: number | null;
  /** Block at which a timelocked claim opens, as far as the chain can tell; null for one that is readable. */
  opens: number | null;
  /** False: the claim was on chain before. */
  committedNow: boolean;
}

const isTimelocked = ({ scheme }: Pick<Committing, 'scheme'>): boolean => scheme.readFrom === 'revealed-commitments';

/**
 * Longest claim in bytes that the scheme's kind of commitment can hold.
 * @throws PUSH_SCHEME_UNSUPPORTED, PUSH_REVEAL_AFTER_UNUSED
 */
export function claimLimit(committing: Pick<Committing, 'chain' | 'scheme' | 'revealAfter'>): number {
  const { chain, scheme, revealAfter } = committing;
  if (isTimelocked(committing)) {
    if (chain.maxTimelockedBytes === 0) throw modelCommandErrors.PUSH_SCHEME_UNSUPPORTED({ readFrom: scheme.readFrom });
    return chain.maxTimelockedBytes;
  }
  if (revealAfter !== undefined) throw modelCommandErrors.PUSH_REVEAL_AFTER_UNUSED({});
  return chain.maxCommitmentBytes;
}

/**
 * Refuses to replace a timelocked commitment that waits for its block. Its text can't be read until then: it may be the claim
 * of an earlier call.
 * @throws PUSH_TIMELOCK_WAITS
 */
export function requireFreeSlot({ unreadable }: ChainSnapshot, { hotkey, replaceTimelocked, tell }: Committing): void {
  const waiting = waitingOf(unreadable, hotkey);
  if (!waiting) return;
  const { block, detail } = waiting;
  if (!replaceTimelocked) throw modelCommandErrors.PUSH_TIMELOCK_WAITS({ block, detail });
  tell.step(`warning: the timelocked commitment of block ${block} (${detail}) will be replaced, and never opens`);
}

const waitingOf = (unreadable: readonly UnreadableCommitment[], hotkey: string): UnreadableCommitment | undefined =>
  unreadable.find((row) => row.hotkey === hotkey && row.kind === 'timelocked');

/**
 * Puts a claim on chain, unless it stands there, and reads it back.
 * @throws the chain's refusals, PUSH_TIMELOCK_WAITS, CLAIM_READ_BACK_DIFFERS
 */
export async function commitClaim(claim: Claim, committing: Committing, signal: AbortSignal): Promise<Committed> {
  const { chain, scheme, hotkey } = committing;
  const text = scheme.format(claim, hotkey);
  const before = await chain.snapshot(signal);
  requireFreeSlot(before, committing);
  const standing = claimTextOf(before, scheme, hotkey);
  if (standing?.data === text) return { block: standing.block, opens: null, committedNow: false };
  return isTimelocked(committing)
    ? commitTimelocked(text, before, committing, signal)
    : commitPlainly(text, committing, signal);
}

async function commitPlainly(
  text: string,
  { chain, scheme, hotkey, tell }: Committing,
  signal: AbortSignal,
): Promise<Committed> {
  tell.step(`committing ${text}`);
  await chain.commit(text, signal);
  const after = claimTextOf(await chain.snapshot(signal), scheme, hotkey);
  if (after?.data !== text)
    throw modelCommandErrors.CLAIM_READ_BACK_DIFFERS({ committed: text, found: after?.data ?? 'nothing' });
  tell.step(`committed at block ${after.block}`);
  return { block: after.block, opens: null, committedNow: true };
}

async function commitTimelocked(
  text: string,
  { parameters }: ChainSnapshot,
  { chain, hotkey, tell, revealAfter = Math.max(1, parameters.tempo) }: Committing,
  signal: AbortSignal,
): Promise<Committed> {
  tell.step(`committing ${text}, encrypted for ${revealAfter} blocks`);
  const { at, opens } = await chain.commit(text, signal, { revealAfter });
  const { unreadable } = await chain.snapshot(signal);
  if (waitingOf(unreadable, hotkey)?.block !== at.number)
    throw modelCommandErrors.CLAIM_READ_BACK_DIFFERS({
      committed: text,
      found: 'no timelocked commitment of its block',
    });
  tell.step(
    `committed at block ${at.number}; ${opens === undefined ? 'the chain opens it later' : `it opens at block ${opens}`}`,
  );
  tell.step('warning: until then any other commitment of this hotkey replaces it, and it never opens');
  return { block: null, opens: opens ?? null, committedNow: true };
}
