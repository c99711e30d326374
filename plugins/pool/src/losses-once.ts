import { rangeOf, type EvaluationTask } from '@assay/core/contracts/evaluation-task';
import type { EvaluationProgress } from '@assay/core/contracts/evaluator';

/**
 * Passes the progress of a request on, and each loss once: a second member that starts the request again reports losses that
 * the first one has reported already.
 */
export class LossesOnce {
  /** By task, the index of the sample whose loss comes next. */
  readonly #next: Map<string, number>;
  #done = 0;

  constructor(
    tasks: readonly EvaluationTask[],
    private readonly pass: (progress: EvaluationProgress) => void,
  ) {
    this.#next = new Map(tasks.map((task) => [task.name, rangeOf(task).from]));
  }

  readonly take = ({ losses, done, ...progress }: EvaluationProgress): void => {
    this.#done = Math.max(this.#done, done);
    const next = this.#next.get(progress.task ?? '');
    const fresh = losses && next !== undefined ? losses.values.slice(Math.max(0, next - losses.from)) : [];
    if (!losses || next === undefined || fresh.length === 0) {
      this.pass({ ...progress, done: this.#done });
      return;
    }
    const from = losses.from + losses.values.length - fresh.length;
    this.#next.set(progress.task ?? '', from + fresh.length);
    this.pass({ ...progress, done: this.#done, losses: { from, values: fresh } });
  };
}
