import { textLossDetails, type TaskResult, type TextLossDetails } from '../../contracts/task-kinds.js';
import { AssayError } from '../../errors/assay-error.js';
import { scoreModel, taskWeight } from '../../judging/score.js';
import { runtimeErrors } from '../errors.js';
import type { StoredEvaluation } from '../tables.js';
import type { DrawnTask } from './sample.js';

/** The results in task order. @throws the fault that keeps them from being scores */
export function usableResults(found: StoredEvaluation, tasks: readonly DrawnTask[]): TaskResult[] {
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

export function scoreOf(results: readonly TaskResult[], tasks: readonly DrawnTask[]): number {
  const raw = results.flatMap(({ name, rawScore, samples }, index) => {
    const task = tasks[index]?.task;
    return task
      ? [{ name, rawScore, weight: taskWeight(task.weight, samples), normalization: task.normalization }]
      : [];
  });
  return scoreModel(raw).score;
}
