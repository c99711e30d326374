import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import type { ChainSnapshot } from '../../contracts/chain-client.js';
import type { TakenClaim } from '../../contracts/entrants-rule.js';
import type { AssayError, ErrorReport } from '../../errors/assay-error.js';
import { repoName } from '../../contracts/model.js';
import { claimRecord, refused, type ClaimEntry } from '../claim-record.js';
import type { ScheduledCompetition } from '../competitions.js';
import { report, type RuntimeDeps } from '../context.js';
import { denialOf } from '../denials.js';
import { runtimeErrors } from '../errors.js';
import { mendState } from '../mend-state.js';
import { incumbentsOf } from '../round/plan.js';
import type { ValidatorState } from '../validator-state.js';
import { put, type Put } from '../derived-rows.js';
import { queueOf, type ClaimQueue } from './claim-queue.js';
import { claimsShown } from './claims-to-take.js';
import { knowsHistory } from './history.js';
import { IntakeRows } from './intake-rows.js';

type Outcome = ClaimEntry['outcome'];

/** What the intake of one claim changes. */
interface Step {
  outcome: Outcome;
  marks: readonly string[];
  rows: Put[];
}

/**
 * Takes every claim in that a snapshot shows and that was not taken in before, and lets those leave whose hotkey is gone or whose
 * model was refused. Each of these is one commit: the record with everything that follows from it. Rounds of the competition
 * wait meanwhile, and no commit of a round comes between the state that is read and the one that is written.
 */
export async function takeClaimsIn(
  deps: RuntimeDeps,
  entry: ScheduledCompetition,
  snapshot: ChainSnapshot,
): Promise<void> {
  const { number: block } = snapshot.at;
  if (!queueOf(deps, entry, block)) return;
  await deps.state.entrantsLock.run(async () => {
    const intake = new IntakePass(deps, entry, snapshot);
    for (const claim of claimsShown(deps, entry, snapshot)) {
      await intake.take(claim);
      // Thousands of claims may be known already, and nothing else of this process would have its turn.
      await nextTurn();
    }
    await intake.letLeave();
    await intake.noteUnrecorded();
  });
}

/** The same for every competition in force whose history is known. */
export async function takeAllIn(deps: RuntimeDeps, snapshot: ChainSnapshot): Promise<void> {
  const { number: block } = snapshot.at;
  const entries = deps.competitions.inForce(block).filter((entry) => queueOf(deps, entry, block));
  // A queue whose tables are damaged would take claims in twice.
  if (entries.length > 0) await mendState(deps);
  for (const entry of entries) if (await knowsHistory(deps, entry, block)) await takeClaimsIn(deps, entry, snapshot);
}

/** Denied claims that this run has recorded, by the state that it writes. */
const toldDenials = new WeakMap<ValidatorState, Set<string>>();

class IntakePass {
  readonly #rows: IntakeRows;
  readonly #block: number;
  /** Claims that never count, by hotkey: they are noted in one row and not recorded. */
  readonly #unrecorded = new Map<string, TakenClaim[]>();

  constructor(
    private readonly deps: RuntimeDeps,
    private readonly entry: ScheduledCompetition,
    private readonly snapshot: ChainSnapshot,
  ) {
    this.#rows = new IntakeRows(deps.state.journal, entry.competition.id);
    this.#block = snapshot.at.number;
  }

  async take(claim: TakenClaim): Promise<void> {
    if (this.#rows.isTaken(claim.hotkey, claim)) return;
    const denial = denialOf(this.deps.operator, claim);
    // It is not taken in, so that it has its turn once the operator lets it play.
    if (denial) return this.#deny(claim, denial);
    const queue = this.#queue();
    const { intake, state } = queue;
    const taken = intake.take(state, claim, {
      block: this.#block,
      incumbents: this.#incumbents(),
      isMarked: (mark) => this.#rows.isMarked(mark),
    });
    if (taken.status === 'ignored' && taken.always === true) {
      this.#unrecorded.set(claim.hotkey, [...(this.#unrecorded.get(claim.hotkey) ?? []), claim]);
      return;
    }
    const rows = [this.#rows.taken(claim.hotkey, [claim])];
    if (taken.status === 'ignored') {
      await this.#commit(queue, claim, { outcome: { status: 'ignored', reason: taken.reason }, marks: [], rows });
      return;
    }
    const { status, state: after, marks } = taken;
    rows.push(this.#stateRow(queue, after), ...this.#rows.marked(marks));
    const isWaiting = queue.waiting.some(({ hotkey }) => hotkey === claim.hotkey);
    if (status === 'refused' && !isWaiting) rows.push(refusalRow(claim, this.entry, taken.error));
    await this.#commit(queue, claim, {
      outcome: status === 'refused' ? refused(taken.error) : { status },
      marks,
      rows,
    });
  }

  /** Claims that wait and whose turn will never come. */
  async letLeave(): Promise<void> {
    const registered = new Set<string>(this.snapshot.neurons.map(({ hotkey }) => hotkey));
    for (const claim of this.#queue().waiting) {
      const error = registered.has(claim.hotkey) ? this.#refusalOf(claim) : runtimeErrors.HOTKEY_LEFT({}).toReport();
      if (!error) continue;
      const queue = this.#queue();
      const rows = [this.#stateRow(queue, queue.intake.leave(queue.state, claim.hotkey))];
      await this.#commit(queue, { ...claim, coldkey: '' }, { outcome: { status: 'left', error }, marks: [], rows });
    }
  }

  async noteUnrecorded(): Promise<void> {
    if (this.#unrecorded.size === 0) return;
    await this.deps.state.update(() =>
      [...this.#unrecorded].map(([hotkey, claims]) => this.#rows.taken(hotkey, claims)),
    );
  }

  #incumbents(): readonly string[] {
    return incumbentsOf(this.deps, this.entry, this.#block);
  }

  #queue(): ClaimQueue {
    const queue = queueOf(this.deps, this.entry, this.#block);
    if (!queue) throw new Error('the entrants rule of a competition has no intake any more');
    return queue;
  }

  /** Why the checks have refused the model of a claim by its miner's fault. */
  #refusalOf({ hotkey, block, commitment }: Pick<TakenClaim, 'hotkey' | 'block' | 'commitment'>): ErrorReport | null {
    const model = this.deps.state.model(hotkey);
    if (!model?.error || model.commitment !== commitment || model.block !== block) return null;
    return model.error.fault === 'miner' ? model.error : null;
  }

  /** The refusal is on record once. */
  async #deny(claim: TakenClaim, denial: AssayError): Promise<void> {
    const told = toldDenials.get(this.deps.state) ?? new Set<string>();
    toldDenials.set(this.deps.state, told);
    const key = JSON.stringify([this.entry.competition.id, claim.hotkey, claim.block, claim.commitment]);
    if (told.has(key)) return;
    const append = await claimRecord(this.deps, lookOf(claim, this.#block, this.entry), refused(denial));
    await this.deps.state.change(() => ({ append }));
    told.add(key);
    this.#tell(claim, refused(denial));
  }

  #stateRow({ by }: ClaimQueue, state: unknown): Put {
    return put.entrants(this.entry.competition.id, { by, state: z.json().parse(state) });
  }

  async #commit({ by }: ClaimQueue, claim: TakenClaim, { outcome, marks, rows }: Step): Promise<void> {
    const { coldkey, reference } = claim;
    const look = lookOf(claim, this.#block, this.entry);
    const intake = { by, coldkey, reference, incumbents: [...this.#incumbents()], marks: [...marks] };
    const append = await claimRecord(this.deps, look, outcome, intake);
    await this.deps.state.change(() => ({ append, put: rows }));
    this.#tell(claim, outcome);
  }

  #tell({ uid, hotkey, block, reference }: TakenClaim, outcome: Outcome): void {
    if (outcome.status === 'accepted') return;
    const { id, name } = this.entry.competition;
    report(this.deps, {
      event: 'claim-taken-in',
      ...{ competition: { id, name }, uid, hotkey, block, repo: repoName(reference), status: outcome.status },
      reason: outcome.status === 'ignored' ? outcome.reason : null,
      error: outcome.status === 'refused' || outcome.status === 'left' ? outcome.error : null,
    });
  }
}

const lookOf = (
  { uid, hotkey, block: claimedAt, commitment }: TakenClaim,
  block: number,
  { competition: { id } }: ScheduledCompetition,
): Parameters<typeof claimRecord>[1] => ({
  neuron: { uid, hotkey },
  commitment: { block: claimedAt, data: commitment },
  block,
  competition: id,
});

/** The row from which the refusal is reported with every round. */
const refusalRow = (
  { hotkey, commitment, block }: TakenClaim,
  { competition: { id } }: ScheduledCompetition,
  error: AssayError,
): Put =>
  put.model({
    ...{ hotkey, commitment, block, competition: id },
    ...{ reference: null, facts: null, error: error.toReport() },
  });
