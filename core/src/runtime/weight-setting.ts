import type { ChainSnapshot } from '../contracts/chain-client.js';
import { monotonicMs } from '../contracts/clock.js';
import type { EventOf } from '../contracts/reporter.js';
import type { AssayError, ErrorReport } from '../errors/assay-error.js';
import { toAssayError } from '../errors/describe.js';
import { report, type RunOptions, type RuntimeDeps } from './context.js';
import { withDeadline } from './deadline.js';
import { runtimeErrors } from './errors.js';
import { historyUnknown } from './intake/history.js';
import { mendState } from './mend-state.js';
import { contendersOf } from './round/plan.js';
import { standingOf, standingsAt } from './standings.js';
import { attempt, isAbort, type Loop } from './supervise.js';
import { UnknownClaims } from './unknown-claims.js';
import { planWeights } from './weights-plan.js';
import { Commits } from './weights/commits.js';
import { LastSubmission, type Settled } from './weights/last-submission.js';
import { OwnUpdates } from './weights/own-updates.js';
import { rowEquals } from './weights/row.js';
import { hasNewLeader } from './weights/leaders.js';
import { HOTKEYS_CHANGED, sendWeights } from './weights/send.js';
import { StaleWeights } from './weights/stale.js';

type Withheld = EventOf<'weights-withheld'>['reason'];
type Options = Pick<RunOptions, 'offline' | 'dryRun' | 'setWeights' | 'readOnly' | 'iAmTheOnlyOne'> & {
  hotkey: string;
};

/** What an attempt has come to. `open`: an earlier submission may still land, and nothing was sent in its place. */
type Attempt = 'set' | 'open' | 'failed' | { withheld: Withheld };

/** Times that the weights are planned again because a uid had another owner when they were about to be signed. */
const PLANS = 3;

/** Turns the standings of all competitions into the subnet's weights, on their own cadence, and follows what it has sent. */
export class WeightSetting implements Loop {
  readonly name = 'weight-setting';
  /** Monotonic milliseconds of the last setting; unknown until the first look at what is stored. */
  #setAt: number | undefined;
  /** Monotonic milliseconds before which nothing is tried. */
  #restsUntil = Number.NEGATIVE_INFINITY;
  /** The newest reason for which weights were not set. */
  #failure: ErrorReport | null = null;
  readonly #last: LastSubmission;
  readonly #commits: Commits;
  readonly #updates: OwnUpdates;
  readonly #stale: StaleWeights;

  constructor(
    private readonly options: Options,
    private readonly deps: RuntimeDeps,
  ) {
    const { hotkey, iAmTheOnlyOne: onlyOne = false } = options;
    this.#last = new LastSubmission({ hotkey }, deps);
    this.#commits = new Commits({ hotkey }, deps);
    this.#updates = new OwnUpdates({ hotkey, onlyOne }, deps);
    this.#stale = new StaleWeights({ hotkey }, deps);
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, state, profile } = this.deps;
    const { cadences } = profile;
    for (;;) {
      await attempt(this.deps, this.name, () => this.follow(signal));
      const isOpen = state.weightsIntent() !== undefined;
      const dueInMs = isOpen || this.incomplete() ? Number.POSITIVE_INFINITY : this.#dueInMs();
      if (dueInMs > 0) {
        await clock.sleep(Math.min(dueInMs, cadences.weightsPoll), signal);
        continue;
      }
      const done = await this.#try(signal);
      const pause =
        done === 'failed' ? cadences.weightsRetry : done === 'open' ? cadences.weightsPoll : cadences.weights;
      // What was set is counted from then on, and a new leader does not wait for the cadence.
      if (done !== 'set') this.#restsUntil = monotonicMs(clock) + pause;
      const hasSent = state.weightsIntent() !== undefined || state.weightCommits().length > 0;
      const isWatched = hasSent || profile.weightsAtNewLeader === true;
      await clock.sleep(isWatched ? Math.min(pause, cadences.weightsPoll) : pause, signal);
    }
  }

  /**
   * The last attempt of a run that ends by itself.
   * @returns false when weights were due and are not set, or when there is no standing to make any of
   */
  async setIfDue(signal: AbortSignal): Promise<boolean> {
    if (!this.#hasStanding()) return false;
    return this.#dueInMs() > 0 || this.trySet(signal);
  }

  /**
   * One attempt. Trouble is reported and remembered nowhere: the chain decides what it holds.
   * @returns whether the chain holds them, or they are withheld as the options say
   */
  async trySet(signal: AbortSignal): Promise<boolean> {
    const done = await this.#try(signal);
    return done === 'set' || (typeof done === 'object' && done.withheld !== 'doppelganger');
  }

  /** Looks after what was sent before: a submission whose answer was lost, and commits that wait for their reveal. */
  async follow(signal: AbortSignal): Promise<void> {
    const { weightsDeadline } = this.deps.profile.cadences;
    await withDeadline(
      weightsDeadline,
      signal,
      () => runtimeErrors.DEADLINE({ what: 'Looking after the weights on chain', ms: weightsDeadline }),
      async (inner) => {
        await this.#noting(() => this.settleIntent(inner));
        if (!this.#withheldByOptions()) await this.#commits.follow(inner);
      },
    );
  }

  /** Warns of committed weights for which another run has to be there. */
  warnOfReveals(): void {
    if (this.#withheldByOptions()) return;
    for (const { block: committedAt, reveal } of this.#commits.owed) {
      const error = runtimeErrors.REVEAL_OWED({ committedAt, block: reveal.block }).toReport();
      report(this.deps, { event: 'warning', error });
    }
  }

  /** Finds out what has become of a submission whose answer was lost. */
  async settleIntent(signal: AbortSignal): Promise<Settled> {
    const settled = await this.#last.settle(signal);
    if (settled === 'landed') {
      this.#setAt = monotonicMs(this.deps.clock);
      await this.deps.view.refresh(signal);
    }
    return settled;
  }

  /** Looks at a new snapshot for weights that another validator has set with our hotkey, and for weights that are too old. */
  async look(snapshot: ChainSnapshot, signal: AbortSignal): Promise<void> {
    if (this.#withheldByOptions()) return;
    await this.#updates.look(snapshot, signal);
    this.#stale.look(snapshot, () => this.#failure ?? this.incomplete()?.toReport() ?? null);
  }

  async #try(signal: AbortSignal): Promise<Attempt> {
    const { weightsDeadline, weightsRetry } = this.deps.profile.cadences;
    try {
      const done = await this.#noting(() =>
        withDeadline(
          weightsDeadline,
          signal,
          () => runtimeErrors.DEADLINE({ what: 'Setting weights', ms: weightsDeadline }),
          (inner) => this.#set(inner),
        ),
      );
      if (done === 'set') this.#failure = null;
      return done;
    } catch (error) {
      if (isAbort(error)) throw error;
      report(this.deps, { event: 'weights-failed', error: toAssayError(error).toReport(), retryInMs: weightsRetry });
      return 'failed';
    }
  }

  /** Work that keeps weights from being set when it fails. */
  async #noting<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!isAbort(error)) this.#failure = toAssayError(error).toReport();
      throw error;
    }
  }

  /** Plans again at once where the client finds that a uid has another owner by now. */
  async #set(signal: AbortSignal): Promise<Attempt> {
    for (let plans = 1; ; plans += 1) {
      try {
        return await this.#planAndSend(signal);
      } catch (error) {
        if (toAssayError(error).code !== HOTKEYS_CHANGED || plans === PLANS) throw error;
        this.deps.log('info', 'a uid has another owner than planned; the weights are planned again', { plans });
      }
    }
  }

  async #planAndSend(signal: AbortSignal): Promise<Attempt> {
    const { state, profile, clock, view } = this.deps;
    await mendState(this.deps);
    const settled = await this.settleIntent(signal);
    if (settled === 'landed') return 'set';
    if (settled === 'open') return 'open';
    const incomplete = this.incomplete();
    if (incomplete) throw incomplete;
    const snapshot = await view.refresh(signal);
    const { plan, told } = planWeights(this.deps, snapshot, this.options.hotkey);
    await this.look(snapshot, signal);
    const withheld = this.#withheldByOptions() ?? (state.doppelganger() ? 'doppelganger' : undefined);
    if (withheld) {
      report(this.deps, { event: 'weights-withheld', reason: withheld, weights: told });
      return { withheld };
    }
    const own = view.neuronOf(this.options.hotkey);
    if (!own) throw runtimeErrors.NOT_REGISTERED({ hotkey: this.options.hotkey, netuid: profile.netuid });
    const { at, mode, reveal } = await sendWeights(this.deps, plan, own.lastUpdate, signal);
    this.#setAt = monotonicMs(clock);
    const confirmed = mode === 'set' && rowEquals(await view.refresh(signal), own.uid, plan);
    const shown = mode === 'committed' && reveal ? { reveal } : {};
    report(this.deps, { event: 'weights-set', block: at.number, weights: told, confirmed, ...shown });
    return 'set';
  }

  /**
   * Milliseconds until weights are due; infinite before there is a standing. The time since the last setting is measured
   * by the monotonic clock. Across a restart it comes from the stored wall-clock time, once; a stored time in the future
   * is not believed, and weights are due at once.
   */
  #dueInMs(): number {
    const { clock, profile, state } = this.deps;
    if (!this.#hasStanding()) return Number.POSITIVE_INFINITY;
    const now = monotonicMs(clock);
    const rest = Math.max(0, this.#restsUntil - now);
    const last = state.weightsSet();
    if (!last || (last.hotkey ?? this.options.hotkey) !== this.options.hotkey) return rest;
    const elapsed = clock.now() - last.at;
    if (profile.weightsAtNewLeader === true && hasNewLeader(this.deps, last)) return rest;
    this.#setAt ??= elapsed < 0 ? Number.NEGATIVE_INFINITY : now - elapsed;
    return Math.max(rest, this.#setAt + profile.cadences.weights - now);
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
    for (const entry of this.deps.competitions.inForce(block)) {
      const { competition } = entry;
      const late = historyUnknown(this.deps, entry, block);
      if (late) return late;
      if (standingOf(this.deps, entry, block)) continue;
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

  /** Whether there is a standing to make weights of. */
  #hasStanding(): boolean {
    return standingsAt(this.deps, this.deps.view.current.at.number).size > 0;
  }

  #withheldByOptions(): Exclude<Withheld, 'doppelganger'> | undefined {
    if (this.options.dryRun) return 'dry-run';
    if (this.options.readOnly) return 'read-only';
    if (this.options.offline) return 'offline';
    return this.options.setWeights ? undefined : 'disabled';
  }
}
