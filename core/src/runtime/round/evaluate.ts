import { createHash } from 'node:crypto';
import { textLossDetails, type TaskResult, type TextLossDetails } from '../../contracts/task-kinds.js';
import { monotonicMs } from '../../contracts/clock.js';
import type { EvaluationAnswer, Numerics } from '../../contracts/evaluator.js';
import type { StoredModel } from '../../contracts/model.js';
import { causeOf, toAssayError } from '../../errors/describe.js';
import { AssayError, isAssayError } from '../../errors/assay-error.js';
import { filesIntact } from '../../model/files-intact.js';
import { validateCommitment } from '../../model/model-id.js';
import { report, type RuntimeDeps } from '../context.js';
import { withDeadline } from '../deadline.js';
import { scoreModel, taskWeight } from '../../judging/score.js';
import { runtimeErrors } from '../errors.js';
import type { ModelCheck } from '../model-check.js';
import { isAbort } from '../supervise.js';
import type { StoredEvaluation } from '../tables.js';
import { rows } from '../validator-state.js';
import { blameFor, COMPARABLE_SIZE } from './blame.js';
import { requireHealth } from './health.js';
import type { Contender, RoundPlan } from './plan.js';
import type { DrawnTask } from './sample.js';

export type ContenderOutcome =
  | { status: 'scored'; results: TaskResult[]; sameAs: number | null }
  | { status: 'failed'; error: AssayError; sameAs: number | null };

export interface EvaluatedContender {
  contender: Contender;
  outcome: ContenderOutcome;
}

interface Group {
  first: Contender;
  others: Contender[];
}

/**
 * Scores every contender once per distinct model: claimants of the same model share the result, each at its own block.
 * A finished evaluation is stored at once, so that a restart within the same sync block goes on where it stopped.
 */
export class RoundEvaluation {
  readonly #startedAt: number;
  readonly #sortedNumerics: [string, string][];
  readonly #numericsDigest: string;
  #healthy: Promise<void> | undefined;
  #computedMs = 0;
  #computed = 0;

  constructor(
    private readonly deps: RuntimeDeps,
    private readonly check: ModelCheck,
    private readonly plan: RoundPlan,
    private readonly tasks: readonly DrawnTask[],
    numerics: Numerics,
  ) {
    this.#startedAt = monotonicMs(deps.clock);
    this.#sortedNumerics = Object.entries(numerics).sort(([a], [b]) => (a < b ? -1 : 1));
    this.#numericsDigest = digestOf(this.#sortedNumerics);
  }

  async run(signal: AbortSignal): Promise<EvaluatedContender[]> {
    const groups = groupByModel(this.plan.contenders);
    const evaluated: EvaluatedContender[] = [];
    for (const [index, group] of groups.entries()) {
      signal.throwIfAborted();
      const startedAt = monotonicMs(this.deps.clock);
      void this.#prepare(groups[index + 1]?.first);
      const outcome = await this.#outcome(group.first, index, groups.length, signal);
      const elapsedMs = monotonicMs(this.deps.clock) - startedAt;
      evaluated.push(this.#settle(group.first, outcome, null, elapsedMs));
      for (const other of group.others) evaluated.push(this.#settle(other, outcome, group.first.neuron.uid, 0));
    }
    return evaluated;
  }

  /** Tells the evaluator which model comes next. What is wrong with it shows when it is asked for. */
  async #prepare(next: Contender | undefined): Promise<void> {
    if (!next || !this.deps.evaluator.prepare || this.deps.state.evaluation(this.plan.syncBlock, this.#key(next)))
      return;
    const stored = await this.deps.store.stored(next.model.reference).catch(() => undefined);
    if (stored) this.deps.evaluator.prepare({ ...stored, facts: next.model.facts });
  }

  async #outcome(contender: Contender, index: number, models: number, signal: AbortSignal): Promise<ContenderOutcome> {
    try {
      const results = await this.#results(contender, index, models, signal);
      return { status: 'scored', results, sameAs: null };
    } catch (error) {
      if (isAbort(error)) throw error;
      const known = toAssayError(error);
      if (known.code === 'EVALUATOR_SICK') throw known;
      this.deps.log(known.fault === 'miner' ? 'info' : 'warn', 'a model could not be scored', {
        uid: contender.neuron.uid,
        code: known.code,
        cause: causeOf(known),
      });
      return { status: 'failed', error: known, sameAs: null };
    }
  }

  async #results(contender: Contender, index: number, models: number, signal: AbortSignal): Promise<TaskResult[]> {
    const { state } = this.deps;
    const key = this.#key(contender);
    const known = state.evaluation(this.plan.syncBlock, key);
    if (known) return usable(known, this.tasks);
    const found = await this.#compute(() => this.#ask(contender, key, index, models, signal), contender, signal);
    await state.write(
      rows.evaluation(this.plan.syncBlock, key, found),
      ...('results' in found ? this.#capacity(contender) : []),
    );
    return usable(found, this.tasks);
  }

  /**
   * The evaluator's results, or what the miner has done wrong; any other trouble rejects and is not remembered. Nobody
   * is blamed for a failure that was seen once: the model is tried again in another process, after the canary has shown
   * that the machine is well. Without a canary there is no evidence, and the evaluator's own word stands.
   */
  async #compute(
    ask: () => Promise<EvaluationAnswer>,
    contender: Contender,
    signal: AbortSignal,
  ): Promise<StoredEvaluation> {
    this.#healthy ??= requireHealth(this.deps, signal);
    await this.#healthy;
    const first = await attemptOf(ask);
    if (!isAssayError(first)) return first;
    if (!this.deps.evaluator.canary) return withoutEvidence(first);
    this.deps.log(first.fault === 'miner' ? 'info' : 'warn', 'an evaluation failed and is tried again', {
      uid: contender.neuron.uid,
      code: first.code,
    });
    await requireHealth(this.deps, signal);
    const second = await attemptOf(ask);
    if (!isAssayError(second)) return second;
    await this.#requireIntact(contender, signal);
    const known = this.deps.state.largestScored(this.plan.entry.competition.id, this.#numericsDigest);
    const blamed = blameFor({
      first,
      second,
      sizeScored: known >= contender.model.facts.parameterCount * COMPARABLE_SIZE,
    });
    if (!blamed) throw second;
    return { error: blamed.toReport() };
  }

  /** Nobody is blamed for what a disk has made of their files. @throws STORED_MODEL_CHANGED */
  async #requireIntact({ model: { reference } }: Contender, signal: AbortSignal): Promise<void> {
    const stored = await this.deps.store.stored(reference);
    if (stored && (await filesIntact(stored, signal))) return;
    throw runtimeErrors.STORED_MODEL_CHANGED({
      repo: `${reference.namespace}/${reference.name}`,
      directory: stored?.directory ?? null,
    });
  }

  /** Remembers what this machine can do. */
  #capacity({ model: { facts } }: Contender): ReturnType<typeof rows.largestScored>[] {
    const { id } = this.plan.entry.competition;
    if (facts.parameterCount <= this.deps.state.largestScored(id, this.#numericsDigest)) return [];
    return [rows.largestScored(id, this.#numericsDigest, facts.parameterCount)];
  }

  async #ask(
    contender: Contender,
    key: string,
    index: number,
    models: number,
    signal: AbortSignal,
  ): Promise<EvaluationAnswer> {
    const { profile, clock } = this.deps;
    const { roundDeadline, modelDeadline } = profile.cadences;
    const left = this.#startedAt + roundDeadline - monotonicMs(clock);
    if (left <= 0) throw runtimeErrors.ROUND_DEADLINE({ ms: roundDeadline });
    const deadlineMs = Math.min(left, modelDeadline);
    const stored = await this.#stored(contender, signal);
    const startedAt = monotonicMs(clock);
    const answer = await withDeadline(
      // The evaluator's own deadline comes first; this one holds when it hangs.
      deadlineMs + 30_000,
      signal,
      () => runtimeErrors.ROUND_DEADLINE({ ms: deadlineMs }),
      (inner) =>
        this.deps.evaluator.evaluate(
          {
            id: key,
            model: { ...stored, facts: contender.model.facts },
            tasks: this.tasks.map(({ evaluation }) => evaluation),
            deadlineMs,
          },
          ({ phase, done, total }) => {
            this.#progress(contender, { phase, done, total, model: index + 1, models });
          },
          inner,
        ),
    );
    this.#computedMs += monotonicMs(clock) - startedAt;
    this.#computed += 1;
    return answer;
  }

  /** The stored files, fetched and verified again when they are gone. */
  async #stored(contender: Contender, signal: AbortSignal): Promise<StoredModel> {
    const stored = await this.deps.store.stored(contender.model.reference);
    if (stored) return stored;
    return this.check.acquire(contender.neuron, validateCommitment(contender.model.commitment), signal);
  }

  /** What makes two evaluations one: the model, the samples of every task and the numerics. */
  #key(contender: Contender): string {
    const parts = [
      contender.model.facts.evaluationDigest,
      ...this.tasks.map(({ evaluation }) => evaluation.samplesDigest),
    ];
    return digestOf([parts, this.#sortedNumerics]);
  }

  #progress(
    { neuron, model }: Contender,
    progress: { phase: 'load' | 'generate' | 'score'; done: number; total: number; model: number; models: number },
  ): void {
    const { model: current, models, done, total } = progress;
    const perModel = this.#computed > 0 ? this.#computedMs / this.#computed : null;
    const share = total > 0 ? done / total : 0;
    report(this.deps, {
      event: 'evaluation-progress',
      competition: { id: this.plan.entry.competition.id, name: this.plan.entry.competition.name },
      uid: neuron.uid,
      hotkey: neuron.hotkey,
      repo: `${model.reference.namespace}/${model.reference.name}`,
      ...progress,
      remainingMs: perModel === null ? null : Math.round(perModel * (models - current + 1 - share)),
    });
  }

  #settle(
    contender: Contender,
    outcome: ContenderOutcome,
    sameAs: number | null,
    elapsedMs: number,
  ): EvaluatedContender {
    const { neuron, model } = contender;
    report(this.deps, {
      event: 'evaluation-finished',
      competition: { id: this.plan.entry.competition.id, name: this.plan.entry.competition.name },
      uid: neuron.uid,
      hotkey: neuron.hotkey,
      repo: `${model.reference.namespace}/${model.reference.name}`,
      score: outcome.status === 'scored' ? scoreOf(outcome.results, this.tasks) : null,
      error: outcome.status === 'failed' ? outcome.error.toReport() : null,
      sameAs,
      elapsedMs,
    });
    return { contender, outcome: { ...outcome, sameAs } };
  }
}

const digestOf = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');

/** Results, or an error that says something of the model or the machine; what says that nothing can be scored at all rejects. */
async function attemptOf(ask: () => Promise<EvaluationAnswer>): Promise<{ results: TaskResult[] } | AssayError> {
  try {
    return { results: (await ask()).results };
  } catch (error) {
    const known = toAssayError(error);
    const isOfMachine = known.code === 'ROUND_DEADLINE' || known.code === 'EVALUATOR_KILLED';
    if (isAbort(error) || known.fault === 'config' || known.fault === 'network' || isOfMachine) throw error;
    return known;
  }
}

function withoutEvidence(error: AssayError): StoredEvaluation {
  if (error.fault === 'miner') return { error: error.toReport() };
  throw error;
}

function groupByModel(contenders: readonly Contender[]): Group[] {
  const groups = new Map<string, Group>();
  for (const contender of contenders) {
    const key = contender.model.facts.evaluationDigest;
    const group = groups.get(key);
    if (group) group.others.push(contender);
    else groups.set(key, { first: contender, others: [] });
  }
  return [...groups.values()];
}

/** The results in task order, or the fault that keeps them from being scores. */
function usable(found: StoredEvaluation, tasks: readonly DrawnTask[]): TaskResult[] {
  if ('error' in found) throw new AssayError(found.error);
  const { results } = found;
  return tasks.map(({ task }) => {
    const { result, details } = scoredResult(results, task);
    if (details?.reasonable === false) throw runtimeErrors.UNREASONABLE_OUTPUT({ task: task.name });
    return result;
  });
}

/**
 * One task's result, with the details of a `text-loss` task.
 * @throws EVALUATION_ABSENT, NON_FINITE_SCORE
 */
export function scoredResult(
  results: readonly TaskResult[],
  { name, kind }: { name: string; kind: string },
): { result: TaskResult; details?: TextLossDetails } {
  const result = results.find((one) => one.name === name);
  if (result?.kind !== kind) throw runtimeErrors.EVALUATION_ABSENT({ task: name });
  if (!Number.isFinite(result.rawScore)) throw runtimeErrors.NON_FINITE_SCORE({ task: name });
  if (kind !== 'text-loss') return { result };
  const details = textLossDetails.safeParse(result.details);
  if (!details.success) throw runtimeErrors.EVALUATION_ABSENT({ task: name });
  return { result, details: details.data };
}

function scoreOf(results: readonly TaskResult[], tasks: readonly DrawnTask[]): number {
  const raw = results.flatMap(({ name, rawScore, samples }, index) => {
    const task = tasks[index]?.task;
    return task
      ? [{ name, rawScore, weight: taskWeight(task.weight, samples), normalization: task.normalization }]
      : [];
  });
  return scoreModel(raw).score;
}
