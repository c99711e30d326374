import type { AssayError } from '../../errors/assay-error.js';
import type { Reveal, SubmissionFate, SubmissionTicket } from '../../contracts/chain-client.js';
import { report, type RuntimeDeps } from '../context.js';
import type { PlannedSubmission, SubmissionOutcome } from '../submission-entry.js';
import { recordOutcome } from '../submission-record.js';
import type { WeightsIntent } from '../tables.js';
import { put, type Put } from '../derived-rows.js';
import { ownLanding } from './own-updates.js';
import { leadersOf } from './leaders.js';
import { rowEquals } from './row.js';

type SettleDeps = Pick<RuntimeDeps, 'chain' | 'state' | 'view' | 'reporter' | 'clock' | 'log' | 'rules'>;

/** `open`: a block may still hold it. `landed`: the chain holds it. `gone`: it does not, and never will. */
export type Settled = 'none' | 'open' | 'landed' | 'gone';

/** What a block that holds a submission says of it. */
interface Landing {
  block: number;
  /** Of a commit that is not revealed. */
  reveal?: Reveal;
}

/**
 * Finds out what has become of a submission whose answer was lost, by a crash or on the way. The chain is asked by the
 * ticket that was kept before anything was sent, so that nothing is sent twice.
 */
export class LastSubmission {
  /** Ticket of the submission that was reported as open. */
  #toldOpen: string | undefined;

  constructor(
    private readonly options: { hotkey: string },
    private readonly deps: SettleDeps,
  ) {}

  /** @throws what `weightsFate` throws: then nothing is known, and the intent stays */
  async settle(signal: AbortSignal): Promise<Settled> {
    const intent = this.deps.state.weightsIntent();
    if (!intent) return 'none';
    if (intent.submission && intent.submission.hotkey !== this.options.hotkey) return this.#forget(intent.submission);
    if (intent.ticket === undefined) return this.#settleByRow(intent, signal);
    const fate = await this.deps.chain.weightsFate(intent.ticket, signal);
    if (fate.status === 'open') return this.#open(intent.ticket, fate.lastBlock);
    const settled = await this.#settleAs(intent, fate);
    this.deps.log('info', 'an interrupted weight setting was settled', { status: fate.status });
    return settled;
  }

  /** What another hotkey has sent changes nothing for this one, and this one can't ask for it. */
  async #forget({ hotkey }: PlannedSubmission): Promise<Settled> {
    this.deps.log('warn', 'the outcome of the last submission is not asked for: another hotkey has sent it', {
      hotkey,
    });
    await this.deps.state.write(put.weightsIntent(undefined));
    return 'none';
  }

  #open(ticket: SubmissionTicket, lastBlock: number): Settled {
    const text = JSON.stringify(ticket);
    if (this.#toldOpen !== text) report(this.deps, { event: 'weights-open', lastBlock });
    this.#toldOpen = text;
    return 'open';
  }

  async #settleAs(intent: WeightsIntent, fate: Exclude<SubmissionFate, { status: 'open' }>): Promise<Settled> {
    switch (fate.status) {
      case 'lost':
        return this.#gone(intent, { status: 'not-landed' });
      case 'refused':
        return this.#gone(intent, { status: 'refused', error: fate.error.toReport() }, fate.at.number, fate.error);
      case 'set':
        return this.#landed(intent, { block: fate.at.number }, { status: 'landed', block: fate.at.number });
      case 'committed':
      case 'revealed':
      case 'unrevealed':
        return this.#committed(intent, fate);
    }
  }

  /** A commit is put on record as one, whatever has become of it since; `Commits` reports the rest from its row. */
  #committed(
    intent: WeightsIntent,
    fate: Extract<SubmissionFate, { status: 'committed' | 'revealed' | 'unrevealed' }>,
  ): Promise<Settled> {
    const { number: block, hash: blockHash } = fate.at;
    const reveal = fate.status === 'committed' ? fate.reveal : { block: fate.at.number, by: 'chain' as const };
    const revealBlock =
      fate.status === 'committed' ? fate.reveal.block : fate.status === 'revealed' ? fate.revealedAt.number : null;
    return this.#landed(intent, { block, reveal }, { status: 'committed', block, blockHash, revealBlock });
  }

  async #gone(
    { submission }: WeightsIntent,
    outcome: SubmissionOutcome,
    block: number | null = null,
    error: AssayError | null = null,
  ): Promise<Settled> {
    await recordOutcome(this.deps, submission, outcome, () => [put.weightsIntent(undefined)]);
    const status = error ? 'refused' : 'lost';
    report(this.deps, { event: 'weights-settled', status, block, error: error?.toReport() ?? null });
    return 'gone';
  }

  async #landed(intent: WeightsIntent, landing: Landing, outcome: SubmissionOutcome): Promise<Settled> {
    await recordOutcome(this.deps, intent.submission, outcome, () => landedRows(this.deps, intent, landing));
    const status = landing.reveal ? 'committed' : 'set';
    report(this.deps, { event: 'weights-settled', status, block: landing.block, error: null });
    return 'landed';
  }

  /** An intent of a version that knew no tickets: it has landed if our row has changed since, and to what was sent. */
  async #settleByRow(intent: WeightsIntent, signal: AbortSignal): Promise<Settled> {
    const snapshot = await this.deps.view.refresh(signal);
    const own = this.deps.view.neuronOf(this.options.hotkey);
    const hasLanded = own && own.lastUpdate > intent.lastUpdate && rowEquals(snapshot, own.uid, intent);
    if (!hasLanded) return this.#gone(intent, { status: 'not-landed' });
    return this.#landed(intent, { block: own.lastUpdate }, { status: 'landed', block: own.lastUpdate });
  }
}

/** Rows that follow from a submission that the chain holds. */
export function landedRows(
  { state, clock, rules }: Pick<RuntimeDeps, 'state' | 'clock' | 'rules'>,
  { uids, weights, round, ticket, submission }: Omit<WeightsIntent, 'block' | 'lastUpdate'>,
  { block, reveal }: Landing,
): Put[] {
  const kept = { ...(ticket !== undefined && { ticket }), ...(submission && { hotkey: submission.hotkey }) };
  const leaders = submission && { leaders: leadersOf(rules, submission.standings) };
  return [
    put.weightsIntent(undefined),
    put.weightsSet({ block, at: clock.now(), uids, weights, round, ...kept, ...leaders }),
    ...(reveal && ticket !== undefined ? [put.weightCommit(block, { ...kept, ticket, block, reveal })] : []),
    ...ownLanding(state, block),
  ];
}
