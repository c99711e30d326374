import type { TaskResult } from '../../contracts/evaluation-task.js';
import type { TaskKind, TaskRecord } from '../../contracts/task-kind.js';
import { AssayError } from '../../errors/assay-error.js';
import { scoreModel, taskWeight } from '../../judging/score.js';
import { kindErrors } from '../../kinds/errors.js';
import type { StoredEvaluation } from '../tables.js';
import type { DrawnTask } from './sample.js';

/** What a model has done in one task: what is recorded, and the verdict of the task's kind on it. */
export interface JudgedTask {
  name: string;
  kind: string;
  record: TaskRecord;
  score: number;
  /** Why the kind refuses the model all the same. */
  refusal: AssayError | null;
}

/**
 * The tasks of a model, in task order, judged.
 * @throws the fault for which there is no result or no score, EVALUATION_ABSENT
 */
export function judgedTasks(found: StoredEvaluation, tasks: readonly DrawnTask[]): JudgedTask[] {
  if ('error' in found) throw new AssayError(found.error);
  return tasks.map(({ task, kind, prompts }) => judgedTask(found.results, { ...task, kind: task.kind }, kind, prompts));
}

/** One task. @throws EVALUATION_ABSENT, the refusal of the kind where there is no score beside it */
export function judgedTask(
  results: readonly TaskResult[],
  { name, kind: kindName }: { name: string; kind: string },
  kind: TaskKind,
  prompts: DrawnTask['prompts'],
): JudgedTask {
  const result = results.find((one) => one.name === name);
  if (result?.kind !== kindName) throw kindErrors.EVALUATION_ABSENT({ task: name });
  const record = kind.record(result, prompts);
  const verdict = kind.judge(record, name);
  if (verdict.refusal && verdict.score === null) throw verdict.refusal;
  return { name, kind: kindName, record, score: verdict.score ?? Number.NaN, refusal: verdict.refusal };
}

/** Why a model has no score; undefined where it has one. */
export const refusalOf = (judged: readonly JudgedTask[]): AssayError | undefined =>
  judged.find(({ refusal }) => refusal !== null)?.refusal ?? undefined;

/** @param judged none of them a refusal */
export function scoreOf(judged: readonly JudgedTask[], tasks: readonly DrawnTask[]): number {
  const raw = judged.flatMap(({ name, record, score: rawScore }, index) => {
    const drawn = tasks[index];
    if (!drawn) return [];
    const { task, kind } = drawn;
    const weight = taskWeight(task.weight, record.losses.length);
    return [
      { name, rawScore: kind.better === 'higher' ? -rawScore : rawScore, weight, normalization: task.normalization },
    ];
  });
  return scoreModel(raw).score;
}
