import { repoName, type VerifiedModel } from '../../contracts/model.js';
import { monotonicMs } from '../../contracts/clock.js';
import type { EvaluationTask } from '../../contracts/evaluation-task.js';
import type { EvaluationAnswer } from '../../contracts/evaluator.js';
import { storeErrors } from '../../model/errors.js';
import { report, type RuntimeDeps } from '../context.js';
import { withDeadline } from '../deadline.js';
import { runtimeErrors } from '../errors.js';
import { isAbort } from '../supervise.js';
import type { IntactModel, IntactModels } from './intact-models.js';
import type { Contender, RoundPlan } from './plan.js';

/** The evaluator's own deadline comes first; the one around it holds when it hangs. */
const GRACE_MS = 30_000;

/** Where a model stands in its round, for the progress that is reported. */
export interface Place {
  /** 1 for the first. */
  model: number;
  models: number;
  /** Samples of the model before those that are asked for. */
  before: number;
  /** Samples of the part that is asked for, and of the whole round. */
  part: number;
  total: number;
}

/** What an evaluator is asked of a model. */
interface Question {
  /** Idempotency key of the request. */
  id: string;
  tasks: readonly EvaluationTask[];
  /** Whether another part of the model is asked for soon. */
  keep: boolean;
  /** Whether it is asked as a control, whose time does not count towards its own deadline. */
  isControl: boolean;
  place: Place;
}

/** Asks the evaluator for models, within the deadlines of the round and of a model. */
export class Asking {
  readonly #startedAt: number;
  #computedMs = 0;
  #computedSamples = 0;
  /** Of each contender, what its answers so far have taken: all parts of a model share its deadline. */
  readonly #usedMs = new Map<Contender, number>();
  /** Models that may be loaded, by their digests. */
  readonly #kept = new Map<string, VerifiedModel>();

  constructor(
    private readonly deps: RuntimeDeps,
    private readonly plan: RoundPlan,
    private readonly models: IntactModels,
    private readonly capacity: number,
  ) {
    this.#startedAt = monotonicMs(deps.clock);
  }

  /**
   * The evaluator's answer about files that were the verified ones from the first byte to the last. Files that change
   * meanwhile are fetched again, once.
   * @throws ROUND_DEADLINE, STORED_MODEL_CHANGED, what the evaluator rejects with
   */
  async ask(contender: Contender, question: Question, signal: AbortSignal): Promise<EvaluationAnswer> {
    for (let tries = 1; ; tries += 1) {
      const deadlineMs = this.#deadline(question.isControl ? 0 : (this.#usedMs.get(contender) ?? 0));
      const model = await this.models.get(contender, signal);
      let failure: unknown;
      let answer: EvaluationAnswer | undefined;
      try {
        answer = await this.#evaluate({ contender, model, deadlineMs, ...question }, signal);
      } catch (error) {
        if (isAbort(error)) throw error;
        failure = error;
      }
      if (await this.models.unchanged(model, { failed: answer === undefined }, signal)) {
        if (answer) return answer;
        throw failure;
      }
      if (tries === 2) {
        const { namespace, name } = contender.model.reference;
        const { directory } = model.stored;
        throw storeErrors.STORED_MODEL_CHANGED({ repo: `${namespace}/${name}`, directory }, failure);
      }
      this.models.forget(contender);
    }
  }

  /** A model with every file verified, ahead of its turn; undefined where something is wrong with it. */
  async prepared(contender: Contender, signal: AbortSignal): Promise<VerifiedModel | undefined> {
    const model = await this.models.prepare(contender, signal);
    return model && { ...model.stored, facts: contender.model.facts };
  }

  /** Says of every model that was to stay loaded that no further part of it is asked for soon. */
  releaseAll(): void {
    for (const model of this.#kept.values()) this.deps.evaluator.release?.(model);
    this.#kept.clear();
  }

  #deadline(usedMs: number): number {
    const { roundDeadline, modelDeadline } = this.deps.profile.cadences;
    const left = this.#startedAt + roundDeadline - monotonicMs(this.deps.clock);
    if (left <= 0) throw runtimeErrors.ROUND_DEADLINE({ ms: roundDeadline });
    return Math.min(left, Math.max(1, modelDeadline - usedMs));
  }

  async #evaluate(
    asked: Question & { contender: Contender; model: IntactModel; deadlineMs: number },
    signal: AbortSignal,
  ): Promise<EvaluationAnswer> {
    const { contender, id, tasks, keep, deadlineMs, place } = asked;
    const model = { ...asked.model.stored, facts: contender.model.facts };
    const startedAt = monotonicMs(this.deps.clock);
    if (keep) this.#kept.set(model.facts.evaluationDigest, model);
    const answer = await withDeadline(
      deadlineMs + GRACE_MS,
      signal,
      () => runtimeErrors.ROUND_DEADLINE({ ms: deadlineMs }),
      (inner) =>
        this.deps.evaluator.evaluate(
          {
            id,
            model,
            tasks: [...tasks],
            deadlineMs,
            ...(keep ? { keep } : {}),
          },
          ({ phase, done }) => {
            this.#progress(contender, { phase, done, place });
          },
          inner,
        ),
    );
    const elapsedMs = monotonicMs(this.deps.clock) - startedAt;
    if (!asked.isControl) this.#usedMs.set(contender, (this.#usedMs.get(contender) ?? 0) + elapsedMs);
    this.#computedMs += elapsedMs;
    this.#computedSamples += place.part;
    return answer;
  }

  #progress(
    { neuron, model }: Contender,
    { phase, done, place }: { phase: 'load' | 'generate' | 'score'; done: number; place: Place },
  ): void {
    const { model: current, models, before, part, total } = place;
    const perSample = this.#computedSamples > 0 ? this.#computedMs / this.#computedSamples : null;
    const left = models * (total - before) - (current - 1) * part - done;
    const { competition } = this.plan.entry;
    report(this.deps, {
      event: 'evaluation-progress',
      competition: { id: competition.id, name: competition.name },
      uid: neuron.uid,
      hotkey: neuron.hotkey,
      repo: repoName(model.reference),
      ...{ phase, done: before + done, total, model: current, models },
      remainingMs: perSample === null ? null : Math.round((perSample * left) / this.capacity),
    });
  }
}
