import { rangeOf, type EvaluationTask, type SampleRange, type TaskResult } from '../../contracts/evaluation-task.js';
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

/** What was asked of a task in a part, what came of it, and what was known before. */
interface Answered {
  asked: readonly EvaluationTask[];
  /** Of all tasks, by the names that they were asked under. */
  answers: readonly TaskResult[];
  /** Of each sample of the part the loss, or undefined. */
  known: readonly (number | undefined)[];
  /** What the result has beside its losses, where nothing was asked. */
  details: unknown;
}

/** The result of a task in a part. @throws EVALUATION_ABSENT where an answer has the losses of other samples than were asked for */
export function filledIn(
  { task, evaluation: { samples } }: DrawnTask,
  range: SampleRange | undefined,
  { asked, answers, known, details }: Answered,
): TaskResult {
  const { name, kind } = task;
  const answerTo = (wanted: string): TaskResult => {
    const answer = answers.find((one) => one.name === wanted);
    if (answer?.kind !== kind) throw kindErrors.EVALUATION_ABSENT({ task: name });
    return answer;
  };
  const [first] = asked;
  if (first && asked.length === 1 && (!first.range || known.every((loss) => loss === undefined)))
    return { ...answerTo(first.name), name };
  const losses = [...known];
  for (const one of asked) {
    const { from, to } = rangeOf({ ...one, samples });
    const answer = answerTo(one.name);
    if (answer.losses.length !== to - from) throw kindErrors.EVALUATION_ABSENT({ task: name });
    for (const [index, loss] of answer.losses.entries()) losses[from + index - (range?.from ?? 0)] = loss;
  }
  const whole = losses.flatMap((loss) => loss ?? []);
  if (whole.length < losses.length) throw kindErrors.EVALUATION_ABSENT({ task: name });
  return { name, kind, losses: whole, details: first ? answerTo(first.name).details : details };
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
