import { repoName } from '../../contracts/model.js';
import { createHash } from 'node:crypto';
import { monotonicMs } from '../../contracts/clock.js';
import type { EvaluationAnswer, Evaluator, Numerics } from '../../contracts/evaluator.js';
import type { AssayError } from '../../errors/assay-error.js';
import { causeOf, toAssayError } from '../../errors/describe.js';
import { report, type RuntimeDeps } from '../context.js';
import { isAbort } from '../supervise.js';
import type { StoredEvaluation } from '../tables.js';
import { put } from '../validator-state.js';
import { Asking } from './ask.js';
import type { FailedTry } from './blame.js';
import { Controls } from './controls.js';
import { groupByModel, type Group } from './groups.js';
import type { IntactModels } from './intact-models.js';
import type { Contender, RoundPlan } from './plan.js';
import { judgedTasks, refusalOf, scoreOf, type JudgedTask } from './results.js';
import type { DrawnTask } from './sample.js';
import { Tries, type Turn } from './tries.js';
import { WorkAhead } from './work-ahead.js';

/** `scored`: an evaluator has computed all tasks, and the kinds have judged them; one of them may have refused the model. */
export type ContenderOutcome =
  | { status: 'scored'; judged: JudgedTask[]; sameAs: number | null }
  | { status: 'failed'; error: AssayError; sameAs: number | null };

export interface EvaluatedContender {
  contender: Contender;
  outcome: ContenderOutcome;
}

interface GroupTurn extends Turn {
  group: Group;
  /** How long its tries have taken. */
  elapsedMs: number;
  /** Of the newest answer; null before there is one. */
  timings: EvaluationAnswer['timings'] | null;
}

/** A turn whose second try waits for the end of the round. */
interface Postponed {
  turn: GroupTurn;
  first: FailedTry;
}

/**
 * Scores every contender once per distinct model: claimants of the same model share the result, each at its own block.
 * A finished evaluation is stored at once, so that a restart within the same sync block goes on where it stopped.
 *
 * As many models are under way as the evaluator computes at a time. They are settled in the order of the round, and a second
 * try has the evaluator to itself: what a round finds out, and whom it blames, does not depend on the capacity.
 */
export class RoundEvaluation {
  readonly #sortedNumerics: [string, string][];
  readonly #models: IntactModels;
  readonly #asking: Asking;
  readonly #controls: Controls;
  readonly #tries: Tries;
  readonly #evaluated: EvaluatedContender[] = [];

  constructor(
    private readonly deps: RuntimeDeps,
    models: IntactModels,
    private readonly plan: RoundPlan,
    private readonly tasks: readonly DrawnTask[],
    numerics: Numerics,
    private readonly capacity: number,
  ) {
    this.#sortedNumerics = Object.entries(numerics).sort(([a], [b]) => (a < b ? -1 : 1));
    this.#models = models;
    this.#asking = new Asking(deps, plan, tasks, this.#models, capacity);
    this.#controls = new Controls(deps, tasks, this.#asking);
    const architectures = plan.contenders.map(({ model }) => model.facts.architecture);
    this.#tries = new Tries(deps, this.#controls, capacity, architectures);
  }

  async run(signal: AbortSignal): Promise<EvaluatedContender[]> {
    const stop = new AbortController();
    const inner = AbortSignal.any([signal, stop.signal]);
    const turns = this.#turns(inner);
    const ahead = new WorkAhead<GroupTurn, JudgedTask[] | FailedTry>(
      turns,
      { capacity: this.capacity, holdsUp: (found) => 'error' in found },
      (turn) => timed(this.deps, turn, () => this.#firstTry(turn, inner)),
      ({ contender }) => void this.#prepare(contender, inner),
    );
    try {
      await this.#settleAll(turns, ahead, inner);
      return this.#evaluated;
    } finally {
      stop.abort();
      await ahead.idle();
    }
  }

  async #settleAll(
    turns: readonly GroupTurn[],
    ahead: WorkAhead<GroupTurn, JudgedTask[] | FailedTry>,
    signal: AbortSignal,
  ): Promise<void> {
    const postponed: Postponed[] = [];
    for (const [index, turn] of turns.entries()) {
      signal.throwIfAborted();
      const waiting = await this.#take(turn, async () => {
        const first = await ahead.take(index);
        if (!('error' in first)) return first;
        // One of several processes may have ended for good.
        ahead.limit(await capacityOf(this.deps.evaluator, signal));
        if (this.#tries.isWorthWaiting(turn, first)) return first;
        await ahead.idle();
        return this.#secondTry(turn, first, signal);
      });
      if (waiting) postponed.push({ turn, first: waiting });
    }
    for (const { turn, first } of postponed) {
      signal.throwIfAborted();
      await this.#take(turn, () => this.#secondTry(turn, first, signal));
    }
  }

  #turns(signal: AbortSignal): GroupTurn[] {
    const groups = groupByModel(this.plan.contenders);
    return groups.map((group, index) => {
      const contender = group.first;
      const place = { model: index + 1, models: groups.length };
      const turn: GroupTurn = {
        ...{ group, contender, place, elapsedMs: 0, timings: null },
        ask: async () => {
          const answer = await this.#asking.ask(contender, this.#key(contender), place, signal);
          turn.timings = answer.timings;
          return answer;
        },
      };
      return turn;
    });
  }

  /** Verifies the files of the model that comes next, and tells the evaluator of it. What is wrong shows in its turn. */
  async #prepare(next: Contender, signal: AbortSignal): Promise<void> {
    if (this.deps.state.evaluation(this.plan.syncBlock, this.#key(next))) return;
    const model = await this.#models.prepare(next, signal);
    if (model) this.deps.evaluator.prepare?.({ ...model.stored, facts: next.model.facts });
  }

  /**
   * Settles a group by what the work finds out.
   * @returns the failure of a first try whose second one waits; nothing is settled then
   */
  async #take(turn: GroupTurn, work: () => Promise<JudgedTask[] | FailedTry>): Promise<FailedTry | undefined> {
    let outcome: ContenderOutcome;
    try {
      const found = await work();
      if ('error' in found) return found;
      outcome = { status: 'scored', judged: found, sameAs: null };
    } catch (error) {
      if (isAbort(error)) throw error;
      const known = toAssayError(error);
      if (known.code === 'EVALUATOR_SICK') throw known;
      this.deps.log(known.fault === 'miner' ? 'info' : 'warn', 'a model could not be scored', {
        uid: turn.contender.neuron.uid,
        code: known.code,
        cause: causeOf(known),
      });
      outcome = { status: 'failed', error: known, sameAs: null };
    }
    if (refusedBy(outcome) === undefined) this.#controls.add(turn.contender, turn.elapsedMs);
    this.#settle(turn.contender, outcome, null, turn);
    const shared = { elapsedMs: 0, timings: null };
    for (const other of turn.group.others) this.#settle(other, outcome, turn.contender.neuron.uid, shared);
    return undefined;
  }

  async #firstTry(turn: GroupTurn, signal: AbortSignal): Promise<JudgedTask[] | FailedTry> {
    const known = this.deps.state.evaluation(this.plan.syncBlock, this.#key(turn.contender));
    if (known) return judgedTasks(known, this.tasks);
    const first = await this.#tries.first(turn, signal);
    return 'results' in first ? this.#keep(turn, first) : first;
  }

  #secondTry(turn: GroupTurn, first: FailedTry, signal: AbortSignal): Promise<JudgedTask[]> {
    return timed(this.deps, turn, async () => this.#keep(turn, await this.#tries.second(turn, first, signal)));
  }

  async #keep({ contender }: GroupTurn, found: StoredEvaluation): Promise<JudgedTask[]> {
    await this.deps.state.write(put.evaluation(this.plan.syncBlock, this.#key(contender), found));
    return judgedTasks(found, this.tasks);
  }

  /** What makes two evaluations one: the model, the samples of every task and the numerics. */
  #key(contender: Contender): string {
    const parts = [
      contender.model.facts.evaluationDigest,
      ...this.tasks.map(({ evaluation }) => evaluation.samplesDigest),
    ];
    return digestOf([parts, this.#sortedNumerics]);
  }

  #settle(
    contender: Contender,
    outcome: ContenderOutcome,
    sameAs: number | null,
    { elapsedMs, timings }: Pick<GroupTurn, 'elapsedMs' | 'timings'>,
  ): void {
    const { neuron, model } = contender;
    const error = refusedBy(outcome);
    report(this.deps, {
      event: 'evaluation-finished',
      competition: { id: this.plan.entry.competition.id, name: this.plan.entry.competition.name },
      uid: neuron.uid,
      hotkey: neuron.hotkey,
      repo: repoName(model.reference),
      score: outcome.status === 'scored' && !error ? scoreOf(outcome.judged, this.tasks) : null,
      error: error?.toReport() ?? null,
      sameAs,
      elapsedMs,
      timings,
      ...(model.facts.notes ? { notes: model.facts.notes } : {}),
    });
    this.#evaluated.push({ contender, outcome: { ...outcome, sameAs } });
  }
}

/** How many requests an evaluator computes at a time now. */
export const capacityOf = async (evaluator: Evaluator, signal: AbortSignal): Promise<number> =>
  Math.max(1, (await evaluator.capacity?.(signal)) ?? 1);

/** Why a contender has no score; undefined where it has one. */
const refusedBy = (outcome: ContenderOutcome): AssayError | undefined =>
  outcome.status === 'failed' ? outcome.error : refusalOf(outcome.judged);

/** Adds how long the work takes to the time of the turn. */
async function timed<T>({ clock }: Pick<RuntimeDeps, 'clock'>, turn: GroupTurn, work: () => Promise<T>): Promise<T> {
  const startedAt = monotonicMs(clock);
  try {
    return await work();
  } finally {
    turn.elapsedMs += monotonicMs(clock) - startedAt;
  }
}

const digestOf = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');
