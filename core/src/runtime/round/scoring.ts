import type { EvaluationAnswer } from '../../contracts/evaluator.js';
import type { TaskResult } from '../../contracts/evaluation-task.js';
import { kindErrors } from '../../kinds/errors.js';
import type { Group } from './groups.js';
import type { Part } from './parts.js';
import { judgedTasks, type JudgedTask } from './results.js';
import type { DrawnTask } from './sample.js';

/** One distinct model of a round, and what is known of it so far. */
export class Scoring {
  /** How long its tries have taken. */
  elapsedMs = 0;
  /** Of the newest answer; null before there is one. */
  timings: EvaluationAnswer['timings'] | null = null;
  /** Losses that were computed for it in this run. */
  computed = 0;
  /** Whether it has an outcome, and which. */
  #outcome: 'open' | 'scored' | 'failed' = 'open';
  readonly #results = new Map<string, TaskResult>();

  constructor(
    readonly group: Group,
    /** 1 for the first of the round. */
    readonly place: number,
    private readonly tasks: readonly DrawnTask[],
  ) {}

  get isSettled(): boolean {
    return this.#outcome !== 'open';
  }

  get hasScore(): boolean {
    return this.#outcome === 'scored';
  }

  settle(hasScore: boolean): void {
    this.#outcome = hasScore ? 'scored' : 'failed';
  }

  /** Whether the model defends its place for one of those who have it. */
  get defends(): boolean {
    return [this.group.first, ...this.group.others].some(({ defends }) => defends !== undefined);
  }

  /**
   * Adds the results of the next part. Details are those of the first one.
   * @throws EVALUATION_ABSENT where a part has the losses of other samples than it was asked for
   */
  add({ ranges, isFirst, isLast }: Part, results: readonly TaskResult[]): void {
    for (const [index, { task }] of this.tasks.entries()) {
      const result = results.find(({ name }) => name === task.name);
      const range = ranges[index];
      if (!result || !range) throw kindErrors.EVALUATION_ABSENT({ task: task.name });
      const isPart = !(isFirst && isLast);
      if (isPart && result.losses.length !== range.to - range.from)
        throw kindErrors.EVALUATION_ABSENT({ task: task.name });
      const before = this.#results.get(task.name);
      const losses = [...(before?.losses ?? []), ...result.losses];
      this.#results.set(task.name, { ...(before ?? result), losses });
    }
  }

  /** The verdicts of the kinds on the first samples; on all that were scored where no number is given. */
  judged(samples?: number): JudgedTask[] {
    const results = [...this.#results.values()].map((one) => ({ ...one, losses: one.losses.slice(0, samples) }));
    return judgedTasks({ results }, this.tasks);
  }
}
