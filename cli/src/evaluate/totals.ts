import type { EvaluationAnswer } from '@assay/core/contracts/evaluator';
import type { TaskReport } from './evaluate-model.js';

interface Speed {
  /** Of the samples; the time is that of the whole computation, continuations included. */
  tokensPerSecond: number;
  secondsPerSequence: number;
}

export const lossesOf = (tasks: readonly TaskReport[]): number[] => tasks.flatMap(({ losses }) => losses);

/** Over the sequences of all tasks; undefined without any. */
export function meanLossOf(tasks: readonly TaskReport[]): number | undefined {
  const losses = lossesOf(tasks);
  return losses.length > 0 ? losses.reduce((sum, value) => sum + value, 0) / losses.length : undefined;
}

export function speedOf({ timings: { computeMs } }: EvaluationAnswer, tasks: readonly TaskReport[]): Speed {
  const seconds = computeMs / 1000;
  const tokens = tasks.reduce((sum, task) => sum + task.tokens, 0);
  return { tokensPerSecond: tokens / seconds, secondsPerSequence: seconds / lossesOf(tasks).length };
}
