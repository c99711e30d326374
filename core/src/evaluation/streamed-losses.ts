import { rangeOf, type EvaluationTask } from '../contracts/evaluation-task.js';
import type { Step } from './evaluator-child.js';

type LossesStep = Extract<Step, { type: 'losses' }>;

interface Expected {
  task: EvaluationTask;
  /** Index after the last sample. */
  to: number;
  /** Index of the sample whose loss comes next. */
  next: number;
  losses: number[];
}

/** The losses of one request as they come: every sample of every task once, in order within the task. */
export class StreamedLosses {
  readonly total: number;
  readonly #expected: ReadonlyMap<string, Expected>;
  #done = 0;

  constructor(tasks: readonly EvaluationTask[]) {
    this.#expected = new Map(
      tasks.map((task) => {
        const { from, to } = rangeOf(task);
        return [task.name, { task, to, next: from, losses: [] }];
      }),
    );
    if (this.#expected.size !== tasks.length) throw new RangeError('two tasks of one request have the same name');
    this.total = tasks.reduce((sum, task) => sum + rangeOf(task).to - rangeOf(task).from, 0);
  }

  get done(): number {
    return this.#done;
  }

  /** @returns what is wrong with it */
  take({ task: name, from, losses }: LossesStep): string | undefined {
    const expected = this.#expected.get(name);
    if (!expected) return `it has losses of the task ${name.slice(0, 80)}, which nobody asked for`;
    if (from !== expected.next)
      return `the losses of ${name} go on with sample ${from} where sample ${expected.next} comes next`;
    if (from + losses.length > expected.to) return `it has more losses of ${name} than there are samples`;
    expected.losses.push(...losses);
    expected.next += losses.length;
    this.#done += losses.length;
    return undefined;
  }

  /** What is missing at the end; undefined where nothing is. */
  get missing(): string | undefined {
    const short = [...this.#expected.values()].find(({ next, to }) => next < to);
    return short && `the losses of ${short.task.name} end before sample ${short.next} of ${short.to}`;
  }

  of(task: string): number[] {
    return this.#expected.get(task)?.losses ?? [];
  }
}
