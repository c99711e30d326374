import { asHotkey, asUid, type Uid } from '../contracts/brands.js';
import type { ChainSnapshot } from '../contracts/chain-client.js';
import { monotonicMs } from '../contracts/clock.js';
import type { EventOf } from '../contracts/reporter.js';
import { toAssayError } from '../errors/describe.js';
import type { AssayError } from '../errors/assay-error.js';
import { report, type RunOptions, type RuntimeDeps } from './context.js';
import { withDeadline } from './deadline.js';
import { runtimeErrors } from './errors.js';
import { mendState } from './mend-state.js';
import { contendersOf } from './round/plan.js';
import { attempt, isAbort, type Loop } from './supervise.js';
import { UnknownClaims } from './unknown-claims.js';
import type { PlannedSubmission, SubmissionOutcome } from './submission-entry.js';
import { submissionRecord } from './submission-record.js';
import { put } from './validator-state.js';
import { outcomeOf, planWeights } from './weights-plan.js';

/** Turns the standings of all competitions into the subnet's weights, on their own cadence. */
export class WeightSetting implements Loop {
  readonly name = 'weight-setting';
  /** Monotonic milliseconds of the last setting; unknown until the first look at what is stored. */
  #setAt: number | undefined;

  constructor(
    private readonly options: Pick<RunOptions, 'offline' | 'dryRun' | 'setWeights' | 'readOnly'> & { hotkey: string },
    private readonly deps: RuntimeDeps,
  ) {}

  async run(signal: AbortSignal): Promise<void> {
    const { clock, profile } = this.deps;
    await attempt(this.deps, this.name, async () => {
      await this.settleIntent(signal);
    });
    for (;;) {
      const dueInMs = this.incomplete() ? Number.POSITIVE_INFINITY : this.#dueInMs();
      if (dueInMs > 0) {
        await clock.sleep(Math.min(dueInMs, profile.cadences.weightsPoll), signal);
        continue;
      }
      const done = await this.trySet(signal);
      const pause = done ? profile.cadences.weights : profile.cadences.weightsRetry;
      await clock.sleep(pause, signal);
    }
  }

  /**
   * The last attempt of a run that ends by itself.
   * @returns false when weights were due and are not set, or when there is no standing to make any of
   */
  async setIfDue(signal: AbortSignal): Promise<boolean> {
    if (this.deps.state.standings().size === 0) return false;
    return this.#dueInMs() > 0 || this.trySet(signal);
  }

  /** One attempt. Trouble is reported and remembered nowhere: the chain decides what it holds. */
  async trySet(signal: AbortSignal): Promise<boolean> {
    const { profile } = this.deps;
    try {
      await withDeadline(
        profile.cadences.weightsDeadline,
        signal,
        () => runtimeErrors.DEADLINE({ what: 'Setting weights', ms: profile.cadences.weightsDeadline }),
        (inner) => this.#set(inner),
      );
      return true;
    } catch (error) {
      if (isAbort(error)) throw error;
      const known: AssayError = toAssayError(error);
      report(this.deps, { event: 'weights-failed', error: known.toReport(), retryInMs: profile.cadences.weightsRetry });
      return false;
    }
  }

  /**
   * A submission whose outcome a crash has hidden. The chain's own record tells: if our row has changed since, and to
   * what was sent, it landed and is not sent again.
   * @returns whether it landed
   */
  async settleIntent(signal: AbortSignal): Promise<boolean> {
    const { state, clock, view } = this.deps;
    const intent = state.weightsIntent();
    if (!intent) return false;
    const snapshot = await view.refresh(signal);
    const own = view.neuronOf(this.options.hotkey);
    const landed =
      own !== undefined &&
      own.lastUpdate > intent.lastUpdate &&
      rowEquals(snapshot, own.uid, intent.uids, intent.weights);
    const { uids, weights, round, submission } = intent;
    const writes = [
      put.weightsIntent(undefined),
      ...(landed ? [put.weightsSet({ block: own.lastUpdate, at: clock.now(), uids, weights, round })] : []),
    ];
    const outcome: SubmissionOutcome = landed ? { status: 'landed', block: own.lastUpdate } : { status: 'not-landed' };
    if (submission) await this.#record(submission, outcome, writes);
    else await state.write(...writes);
    if (landed) this.#setAt = monotonicMs(clock);
    this.deps.log('info', 'an interrupted weight setting was settled', { landed });
    return landed;
  }

  async #set(signal: AbortSignal): Promise<void> {
    const { chain, state, profile, clock, view } = this.deps;
    await mendState(this.deps);
    if (state.weightsIntent() && (await this.settleIntent(signal))) return;
    const incomplete = this.incomplete();
    if (incomplete) throw incomplete;
    const { plan, told } = planWeights(this.deps, await view.refresh(signal), this.options.hotkey);
    const reason = this.#withheld();
    if (reason) {
      report(this.deps, { event: 'weights-withheld', reason, weights: told });
      return;
    }
    const own = view.neuronOf(this.options.hotkey);
    if (!own) throw runtimeErrors.NOT_REGISTERED({ hotkey: this.options.hotkey, netuid: profile.netuid });
    const { uids, weights, round, block } = plan;
    const intent = { block, lastUpdate: own.lastUpdate, uids, weights, round, submission: plan };
    await state.write(put.weightsIntent(intent));
    const submitted = { uids: uids.map(asUid), weights };
    const hotkeys = plan.seats.flatMap(({ uid, hotkey }) => (uids.includes(uid) ? [asHotkey(hotkey)] : []));
    let receipt;
    try {
      receipt = await chain.setWeights(
        { ...submitted, hotkeys, versionKey: profile.weightsVersionKey },
        signal,
        async (ticket) => state.write(put.weightsIntent({ ...intent, ticket })),
      );
    } catch (error) {
      // A refusal by the chain has changed nothing; anything else stays open until the chain's record is read.
      const known = toAssayError(error);
      const refusal: SubmissionOutcome = { status: 'refused', error: known.toReport() };
      if (known.fault === 'chain') await this.#record(plan, refusal, [put.weightsIntent(undefined)]);
      throw error;
    }
    await this.#record(plan, outcomeOf(receipt), [
      put.weightsIntent(undefined),
      put.weightsSet({ block: receipt.at.number, at: clock.now(), ...submitted, round }),
    ]);
    this.#setAt = monotonicMs(clock);
    const confirmed =
      receipt.mode === 'set' && rowEquals(await view.refresh(signal), own.uid, submitted.uids, submitted.weights);
    report(this.deps, { event: 'weights-set', block: receipt.at.number, weights: told, confirmed });
  }

  /** Writes the outcome of a submission and the rows that follow from it, all or nothing. */
  async #record(
    plan: PlannedSubmission,
    outcome: SubmissionOutcome,
    writes: ReturnType<typeof put.weightsSet>[],
  ): Promise<void> {
    const append = await submissionRecord(plan, outcome, await this.deps.chain.identity());
    await this.deps.state.change(() => ({ append, put: writes }));
  }

  /**
   * Milliseconds until weights are due; infinite before there is a standing. The time since the last setting is measured
   * by the monotonic clock. Across a restart it comes from the stored wall-clock time, once; a stored time in the future
   * is not believed, and weights are due at once.
   */
  #dueInMs(): number {
    const { clock, profile, state } = this.deps;
    if (state.standings().size === 0) return Number.POSITIVE_INFINITY;
    const last = state.weightsSet();
    if (!last) return 0;
    const elapsed = clock.now() - last.at;
    this.#setAt ??= elapsed < 0 ? Number.NEGATIVE_INFINITY : monotonicMs(clock) - elapsed;
    return Math.max(0, this.#setAt + profile.cadences.weights - monotonicMs(clock));
  }

  /**
   * Why no weights can be set now: a competition in force has no standing because of this machine, and its share would go
   * to the winners of the others. Before the first weights a competition that has not had its turn counts as well.
   */
  incomplete(): AssayError | undefined {
    const { state, view } = this.deps;
    const { current: snapshot } = view;
    const { number: block } = snapshot.at;
    const unknowns = new UnknownClaims(this.deps);
    for (const { competition } of this.deps.competitions.inForce(block)) {
      if (state.standing(competition.id)) continue;
      const unknown = unknowns.of(competition, { snapshot, block });
      const hadNoTurn = contendersOf(this.deps, competition.id).length > 0 && !state.lastRound(competition.id);
      if (unknown.length > 0 || (hadNoTurn && !state.weightsSet()))
        return runtimeErrors.STANDING_INCOMPLETE({
          competition: competition.name,
          unknown: unknown.map(({ uid, code }) => ({ uid, code })),
        });
    }
    return undefined;
  }

  #withheld(): EventOf<'weights-withheld'>['reason'] | undefined {
    if (this.options.dryRun) return 'dry-run';
    if (this.options.readOnly) return 'read-only';
    if (this.options.offline) return 'offline';
    return this.options.setWeights ? undefined : 'disabled';
  }
}

function rowEquals(snapshot: ChainSnapshot, uid: Uid, uids: readonly number[], weights: readonly number[]): boolean {
  const held = new Map(snapshot.weights.get(uid) ?? []);
  return held.size === uids.length && uids.every((other, index) => held.get(other) === weights[index]);
}
