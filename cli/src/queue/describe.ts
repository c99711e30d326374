import type { ChainSnapshot } from '@assay/core/contracts/chain-client';
import type { QueuedClaim } from '@assay/core/contracts/entrants-rule';
import { repoName } from '@assay/core/contracts/model';
import { claimOf, type ClaimEntry } from '@assay/core/runtime/claim-record';
import type { ScheduledCompetition } from '@assay/core/runtime/competitions';
import type { OperatorChoices } from '@assay/core/runtime/context';
import { denialOf } from '@assay/core/runtime/denials';
import { queueOf, type ClaimQueue } from '@assay/core/runtime/intake/claim-queue';
import type { ValidatorState } from '@assay/core/runtime/validator-state';

/** How it stands with a claim that waits. */
export type WaitingStatus =
  /** Its model is here and has passed every check. */
  | 'ready'
  /** It is among the first, and its model was not looked at to the end yet. */
  | 'fetching'
  /** It is not among the first. */
  | 'waiting'
  /** Its repo or a file of it is not there; it is refused when its grace is over. */
  | 'missing'
  /** It could not be looked at by a fault that is not its miner's. */
  | 'blocked'
  /** Its model was refused, and the claim leaves at the next turn. */
  | 'refused'
  /** The operator passes it over. */
  | 'denied';

export interface WaitingClaim {
  /** From 1. */
  place: number;
  uid: number;
  hotkey: string;
  repo: string;
  revision: string;
  /** Of the claim. */
  block: number;
  /** Since then. */
  blocks: number;
  status: WaitingStatus;
  /** Code of the error behind the status; null where there is none. */
  code: string | null;
  /** Block since which it is missing or blocked; null for others. */
  since: number | null;
}

export interface RefusedClaim {
  uid: number;
  hotkey: string;
  /** The text on chain, where it names no repo. */
  repo: string;
  /** Of the claim. */
  block: number;
  code: string;
  message: string;
  /** At which it was refused. */
  at: number;
}

export interface QueueDescription {
  id: number;
  name: string;
  waiting: WaitingClaim[];
  /** Newest first. */
  refused: RefusedClaim[];
}

interface QueueSources {
  state: ValidatorState;
  operator: OperatorChoices;
  /** Undefined where the chain can't be read. */
  snapshot: ChainSnapshot | undefined;
  block: number;
}

type Entry = Pick<ScheduledCompetition, 'competition' | 'rulesAt'>;

/** The queue of a competition; undefined where it has none. @param most refusals that are listed */
export function describeQueue(sources: QueueSources, entry: Entry, most: number): QueueDescription | undefined {
  const queue = queueOf(sources, entry, sources.block);
  if (!queue) return undefined;
  const { id, name } = entry.competition;
  return { id, name, waiting: waitingIn(sources, queue), refused: refusedOf(sources.state, id, most) };
}

function waitingIn(sources: QueueSources, { waiting, intake }: ClaimQueue): WaitingClaim[] {
  let ahead = intake.ahead;
  return waiting.map((claim, index) => {
    const isDenied = isDeniedHere(sources, claim);
    const isFirst = !isDenied && ahead > 0;
    if (isFirst) ahead -= 1;
    const { uid, hotkey, block, reference } = claim;
    return {
      ...{ place: index + 1, uid, hotkey, block, repo: repoName(reference), revision: reference.revision },
      blocks: Math.max(0, sources.block - block),
      ...statusOf(sources.state, claim, { isDenied, isFirst }),
    };
  });
}

function isDeniedHere({ operator, snapshot }: QueueSources, claim: QueuedClaim): boolean {
  const coldkey = snapshot?.neurons.find(({ hotkey }) => hotkey === claim.hotkey)?.coldkey;
  return denialOf(operator, { ...claim, coldkey }) !== undefined;
}

function statusOf(
  state: ValidatorState,
  claim: QueuedClaim,
  { isDenied, isFirst }: { isDenied: boolean; isFirst: boolean },
): Pick<WaitingClaim, 'status' | 'code' | 'since'> {
  const isOf = (noted: { commitment: string; block: number } | undefined): boolean =>
    noted?.commitment === claim.commitment && noted.block === claim.block;
  if (isDenied) return { status: 'denied', code: 'DENIED', since: null };
  const model = state.model(claim.hotkey);
  if (model?.error && isOf(model)) return { status: 'refused', code: model.error.code, since: null };
  const missing = state.missingClaim(claim.hotkey);
  if (missing && isOf(missing)) return { status: 'missing', code: missing.code, since: missing.since };
  const unknown = state.unknownClaim(claim.hotkey);
  if (unknown && unknown.stage !== 'known' && isOf(unknown))
    return { status: 'blocked', code: unknown.code, since: unknown.since };
  if (model && isOf(model)) return { status: 'ready', code: null, since: null };
  return { status: isFirst ? 'fetching' : 'waiting', code: null, since: null };
}

/**
 * The newest refusals of a competition, each claim once: a queued model that is refused is on record as refused and as gone from
 * the queue. Texts that are not claims name no competition, and are listed in each.
 */
function refusedOf({ journal }: ValidatorState, id: number, most: number): RefusedClaim[] {
  const found = new Map<string, RefusedClaim>();
  for (let number = journal.head('claim')?.number ?? 0; number > 0 && found.size < most; number -= 1) {
    const record = journal.record(number, 'claim');
    const entry = record && claimOf(record, journal);
    const refusal = entry && [null, id].includes(entry.claim.competition) && refusalIn(entry);
    if (!refusal) continue;
    const key = JSON.stringify([entry.claim.hotkey, entry.claim.block, entry.claim.commitment]);
    // The record of the intake names the repo.
    if (!found.has(key) || entry.intake) found.set(key, { ...refusal, ...found.get(key), repo: refusal.repo });
  }
  return [...found.values()];
}

function refusalIn({ block: at, claim, outcome, intake }: ClaimEntry): RefusedClaim | undefined {
  if (outcome.status !== 'refused' && outcome.status !== 'left') return undefined;
  const { uid, hotkey, block, commitment } = claim;
  const { code, message } = outcome.error;
  return { uid, hotkey, repo: intake ? repoName(intake.reference) : commitment, block, code, message, at };
}
