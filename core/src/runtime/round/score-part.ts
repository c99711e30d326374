import { createHash } from 'node:crypto';
import { monotonicMs } from '../../contracts/clock.js';
import type { Evaluator, Numerics } from '../../contracts/evaluator.js';
import type { TaskResult } from '../../contracts/evaluation-task.js';
import { AssayError } from '../../errors/assay-error.js';
import { causeOf, toAssayError } from '../../errors/describe.js';
import type { RuntimeDeps } from '../context.js';
import { isAbort } from '../supervise.js';
import type { StoredEvaluation } from '../tables.js';
import { put } from '../derived-rows.js';
import type { Asking, Place } from './ask.js';
import type { FailedTry } from './blame.js';
import type { KnownLosses } from './known-losses.js';
import { askedIn, type AskedTask, type Part } from './parts.js';
import type { Contender, RoundPlan } from './plan.js';
import { filledIn, type JudgedTask } from './results.js';
import type { DrawnTask } from './sample.js';
import type { Scoring } from './scoring.js';
import type { Tries, Turn } from './tries.js';
import { WorkAhead } from './work-ahead.js';

interface PartTurn extends Turn {
  scoring: Scoring;
  asked: readonly AskedTask[];
  /** Of each task and each sample of the part the loss that is known from an earlier round. */
  known: readonly (readonly (number | undefined)[])[];
}

/** A turn whose second try waits for the end of the part. */
interface Postponed {
  turn: PartTurn;
  first: FailedTry;
}

/** What a part of a model comes to: the verdicts of the kinds on all its samples so far, or why it can't be scored. */
export type Found = { judged: JudgedTask[] } | { error: AssayError };

/** Takes what is found out, in the order of the models. @returns false where the others need not be scored any more */
type Take = (scoring: Scoring, found: Found) => boolean;

interface PartDeps {
  runtime: RuntimeDeps;
  asking: Asking;
  tries: Tries;
  known: KnownLosses;
}

/**
 * Scores one part of the samples of every model that still plays. A finished part is stored at once, so that a restart within the
 * same sync block goes on where it stopped.
 *
 * As many models are under way as the evaluator computes at a time. They are settled in the order of the round, and a second
 * try has the evaluator to itself: what a round finds out, and whom it blames, does not depend on the capacity.
 */
export class PartScoring {
  readonly #sortedNumerics: [string, string][];
  /** Models stay loaded between their parts until one fails, which may be for want of the memory that another one holds. */
  #keeps = true;

  constructor(
    private readonly deps: PartDeps,
    private readonly plan: RoundPlan,
    private readonly tasks: readonly DrawnTask[],
    numerics: Numerics,
    private readonly capacity: number,
  ) {
    this.#sortedNumerics = Object.entries(numerics).sort(([a], [b]) => (a < b ? -1 : 1));
  }

  async run(part: Part, scorings: readonly Scoring[], models: number, take: Take, signal: AbortSignal): Promise<void> {
    const stop = new AbortController();
    const inner = AbortSignal.any([signal, stop.signal]);
    const turns = scorings.map((scoring) => this.#turn(scoring, part, models, inner));
    const ahead = new WorkAhead<PartTurn, JudgedTask[] | FailedTry>(
      turns,
      { capacity: this.capacity, holdsUp: (found) => 'error' in found },
      (turn) => this.#timed(turn, () => this.#firstTry(turn, inner)),
      (turn) => void this.#prepare(turn, inner),
    );
    try {
      await this.#settleAll(turns, ahead, take, inner);
    } finally {
      stop.abort();
      await ahead.idle();
    }
  }

  async #settleAll(
    turns: readonly PartTurn[],
    ahead: WorkAhead<PartTurn, JudgedTask[] | FailedTry>,
    take: Take,
    signal: AbortSignal,
  ): Promise<void> {
    const postponed: Postponed[] = [];
    for (const [index, turn] of turns.entries()) {
      signal.throwIfAborted();
      const found = await this.#found(turn, async () => {
        const first = await ahead.take(index);
        if (!('error' in first)) return first;
        // One of several processes may have ended for good.
        ahead.limit(await capacityOf(this.deps.runtime.evaluator, signal));
        if (this.deps.tries.isWorthWaiting(turn, first)) return first;
        await ahead.idle();
        return this.#secondTry(turn, first, signal);
      });
      if ('memory' in found) postponed.push({ turn, first: found });
      else if (!take(turn.scoring, found)) return;
    }
    for (const { turn, first } of postponed) {
      signal.throwIfAborted();
      const found = await this.#found(turn, () => this.#secondTry(turn, first, signal));
      if (!('memory' in found) && !take(turn.scoring, found)) return;
    }
  }

  #turn(scoring: Scoring, part: Part, models: number, signal: AbortSignal): PartTurn {
    const contender = scoring.group.first;
    const known = this.deps.known.in(part, contender);
    const hasDetails = this.deps.known.detailsOf(contender) !== undefined;
    const asked = askedIn(part, this.tasks, known, hasDetails);
    const place = placeOf(part, scoring.place, models, this.tasks);
    const turn: PartTurn = {
      ...{ contender, part, place, scoring, asked, known },
      ask: async () => {
        const id = digestOf([this.#key(contender, part), asked.map(({ evaluation }) => evaluation.range ?? null)]);
        const tasks = asked.map(({ evaluation }) => evaluation);
        const question = { id, tasks, keep: this.#keeps && !part.isLast, isControl: false, place };
        const answer = await this.deps.asking.ask(contender, question, signal);
        scoring.timings = answer.timings;
        scoring.computed += answer.results.reduce((sum, { losses }) => sum + losses.length, 0);
        return { ...answer, results: this.#whole(turn, answer.results) };
      },
    };
    return turn;
  }

  /** The results of a part, of what was asked for and what is known. */
  #whole({ contender, part, asked, known }: PartTurn, answers: readonly TaskResult[]): TaskResult[] {
    return this.tasks.map((task, place) => {
      const own = asked.filter((one) => one.place === place).map(({ evaluation }) => evaluation);
      const details = this.deps.known.detailsOf(contender)?.[place];
      return filledIn(task, part.ranges[place], { asked: own, answers, known: known[place] ?? [], details });
    });
  }

  /** Verifies the files of the model that comes next, and tells the evaluator of it. What is wrong shows in its turn. */
  async #prepare({ contender, part, asked }: PartTurn, signal: AbortSignal): Promise<void> {
    if (!part.isFirst || asked.length === 0) return;
    const { state, evaluator } = this.deps.runtime;
    if (state.evaluation(this.plan.syncBlock, this.#key(contender, part))) return;
    const model = await this.deps.asking.prepared(contender, signal);
    if (model) evaluator.prepare?.(model);
  }

  /** What a work finds out; a failure of a first try, whose second one waits, is not final. */
  async #found({ contender }: PartTurn, work: () => Promise<JudgedTask[] | FailedTry>): Promise<Found | FailedTry> {
    try {
      const found = await work();
      return 'error' in found ? found : { judged: found };
    } catch (error) {
      if (isAbort(error)) throw error;
      const known = toAssayError(error);
      if (known.code === 'EVALUATOR_SICK') throw known;
      this.deps.runtime.log(known.fault === 'miner' ? 'info' : 'warn', 'a model could not be scored', {
        uid: contender.neuron.uid,
        code: known.code,
        cause: causeOf(known),
      });
      return { error: known };
    }
  }

  async #firstTry(turn: PartTurn, signal: AbortSignal): Promise<JudgedTask[] | FailedTry> {
    const { contender, part, asked } = turn;
    const stored = this.deps.runtime.state.evaluation(this.plan.syncBlock, this.#key(contender, part));
    if (stored) return this.#taken(turn, stored);
    if (asked.length === 0) return this.#taken(turn, { results: this.#whole(turn, []) });
    const first = await this.deps.tries.first(turn, signal);
    return 'results' in first ? this.#keep(turn, first) : first;
  }

  #secondTry(turn: PartTurn, first: FailedTry, signal: AbortSignal): Promise<JudgedTask[]> {
    if (first.error.fault !== 'miner') {
      this.#keeps = false;
      this.deps.asking.releaseAll();
    }
    return this.#timed(turn, async () => this.#keep(turn, await this.deps.tries.second(turn, first, signal)));
  }

  async #keep(turn: PartTurn, found: StoredEvaluation): Promise<JudgedTask[]> {
    const { syncBlock } = this.plan;
    // A defender has been scored before: what it seems to have done wrong is tried again with the next round.
    if (!('error' in found && turn.scoring.defends))
      await this.deps.runtime.state.write(put.evaluation(syncBlock, this.#key(turn.contender, turn.part), found));
    return this.#taken(turn, found);
  }

  /** @throws what the miner has done wrong, EVALUATION_ABSENT */
  #taken({ contender, scoring, part }: PartTurn, found: StoredEvaluation): JudgedTask[] {
    if ('error' in found) throw new AssayError(found.error);
    scoring.add(part, found.results);
    this.deps.known.note(contender, part, found.results);
    return scoring.judged();
  }

  /** What makes two evaluations one: the model, the samples of every task, the part of them and the numerics. */
  #key({ model }: Contender, { ranges, isFirst, isLast }: Part): string {
    const parts = [model.facts.evaluationDigest, ...this.tasks.map(({ evaluation }) => evaluation.samplesDigest)];
    const isWhole = isFirst && isLast;
    return digestOf([parts, this.#sortedNumerics, ...(isWhole ? [] : [ranges])]);
  }

  /** Adds how long the work takes to the time of the model. */
  async #timed<T>({ scoring }: PartTurn, work: () => Promise<T>): Promise<T> {
    const { clock } = this.deps.runtime;
    const startedAt = monotonicMs(clock);
    try {
      return await work();
    } finally {
      scoring.elapsedMs += monotonicMs(clock) - startedAt;
    }
  }
}

/** How many requests an evaluator computes at a time now. */
export const capacityOf = async (evaluator: Evaluator, signal: AbortSignal): Promise<number> =>
  Math.max(1, (await evaluator.capacity?.(signal)) ?? 1);

function placeOf({ ranges }: Part, model: number, models: number, tasks: readonly DrawnTask[]): Place {
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
  return {
    ...{ model, models },
    before: sum(ranges.map(({ from }) => from)),
    part: sum(ranges.map(({ from, to }) => to - from)),
    total: sum(tasks.map(({ batches }) => batches)),
  };
}

const digestOf = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');
