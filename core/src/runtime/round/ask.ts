import { repoName } from '../../contracts/model.js';
import { monotonicMs } from '../../contracts/clock.js';
import type { EvaluationAnswer } from '../../contracts/evaluator.js';
import { storeErrors } from '../../model/errors.js';
import { report, type RuntimeDeps } from '../context.js';
import { withDeadline } from '../deadline.js';
import { runtimeErrors } from '../errors.js';
import { isAbort } from '../supervise.js';
import type { IntactModel, IntactModels } from './intact-models.js';
import type { Contender, RoundPlan } from './plan.js';
import type { DrawnTask } from './sample.js';

/** The evaluator's own deadline comes first; the one around it holds when it hangs. */
const GRACE_MS = 30_000;

/** Where a model stands in its round, for the progress that is reported. */
export interface Place {
  /** 1 for the first. */
  model: number;
  models: number;
}

/** Asks the evaluator for models, within the deadlines of the round and of a model. */
export class Asking {
  readonly #startedAt: number;
  #computedMs = 0;
  #computed = 0;

  constructor(
    private readonly deps: RuntimeDeps,
    private readonly plan: RoundPlan,
    private readonly tasks: readonly DrawnTask[],
    private readonly models: IntactModels,
    private readonly capacity: number,
  ) {
    this.#startedAt = monotonicMs(deps.clock);
  }

  /**
   * The evaluator's answer about files that were the verified ones from the first byte to the last. Files that change
   * meanwhile are fetched again, once.
   * @param id idempotency key of the request
   * @throws ROUND_DEADLINE, STORED_MODEL_CHANGED, what the evaluator rejects with
   */
  async ask(contender: Contender, id: string, place: Place, signal: AbortSignal): Promise<EvaluationAnswer> {
    for (let tries = 1; ; tries += 1) {
      const deadlineMs = this.#deadline();
      const model = await this.models.get(contender, signal);
      let failure: unknown;
      let answer: EvaluationAnswer | undefined;
      try {
        answer = await this.#evaluate({ contender, model, id, deadlineMs, place }, signal);
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

  #deadline(): number {
    const { roundDeadline, modelDeadline } = this.deps.profile.cadences;
    const left = this.#startedAt + roundDeadline - monotonicMs(this.deps.clock);
    if (left <= 0) throw runtimeErrors.ROUND_DEADLINE({ ms: roundDeadline });
    return Math.min(left, modelDeadline);
  }

  async #evaluate(
    {
      contender,
      model,
      id,
      deadlineMs,
      place,
    }: { contender: Contender; model: IntactModel; id: string; deadlineMs: number; place: Place },
    signal: AbortSignal,
  ): Promise<EvaluationAnswer> {
    const startedAt = monotonicMs(this.deps.clock);
    const answer = await withDeadline(
      deadlineMs + GRACE_MS,
      signal,
      () => runtimeErrors.ROUND_DEADLINE({ ms: deadlineMs }),
      (inner) =>
        this.deps.evaluator.evaluate(
          {
            id,
            model: { ...model.stored, facts: contender.model.facts },
            tasks: this.tasks.map(({ evaluation }) => evaluation),
            deadlineMs,
          },
          ({ phase, done, total }) => {
            this.#progress(contender, { phase, done, total, ...place });
          },
          inner,
        ),
    );
    this.#computedMs += monotonicMs(this.deps.clock) - startedAt;
    this.#computed += 1;
    return answer;
  }

  #progress(
    { neuron, model }: Contender,
    progress: { phase: 'load' | 'generate' | 'score'; done: number; total: number } & Place,
  ): void {
    const { model: current, models, done, total } = progress;
    const perModel = this.#computed > 0 ? this.#computedMs / this.#computed : null;
    const share = total > 0 ? done / total : 0;
    const { competition } = this.plan.entry;
    report(this.deps, {
      event: 'evaluation-progress',
      competition: { id: competition.id, name: competition.name },
      uid: neuron.uid,
      hotkey: neuron.hotkey,
      repo: repoName(model.reference),
      ...progress,
      remainingMs: perModel === null ? null : Math.round((perModel * (models - current + 1 - share)) / this.capacity),
    });
  }
}
