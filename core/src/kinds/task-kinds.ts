import type { TaskKind, TaskKindRule } from '../contracts/task-kind.js';
import { issueLines, messageOf } from '../errors/describe.js';
import { kindErrors } from './errors.js';
import { textLoss } from './text-loss/text-loss.js';

/** The kinds of task that come with core. */
export const TASK_KINDS: readonly TaskKindRule[] = [textLoss];

/** A task as a competition states it: its kind by name, with the parameters of the kind. */
export interface StatedTask {
  name: string;
  kind: string;
  pages?: number | undefined;
  batchSize?: number | undefined;
  packSamples?: boolean | undefined;
  maxBatches?: number | undefined;
  parameters?: Readonly<Record<string, unknown>> | undefined;
}

/** A kind by name. @throws TASK_KIND_UNKNOWN */
export function taskKindNamed(kind: string, kinds: readonly TaskKindRule[]): TaskKindRule {
  const found = kinds.find(({ name }) => name === kind);
  if (!found) throw kindErrors.TASK_KIND_UNKNOWN({ kind, known: kinds.map(({ name }) => name) });
  return found;
}

/** Parameters of a task's kind: those of `parameters`, and the four that may stand beside the kind's name. */
export function parametersOf({
  pages,
  batchSize,
  packSamples,
  maxBatches,
  parameters,
}: StatedTask): Record<string, unknown> {
  const stated = Object.entries({ pages, batchSize, packSamples, maxBatches, ...parameters });
  return Object.fromEntries(stated.filter(([, value]) => value !== undefined));
}

/** The kind of a task with its parameters. @throws TASK_KIND_UNKNOWN, TASK_PARAMETERS */
export function taskKindOf(task: StatedTask, kinds: readonly TaskKindRule[]): TaskKind {
  const kind = taskKindNamed(task.kind, kinds);
  const parsed = kind.parameters.safeParse(parametersOf(task));
  if (parsed.success) return kind.bind(parsed.data);
  const issues = issueLines(parsed.error) ?? [messageOf(parsed.error)];
  throw kindErrors.TASK_PARAMETERS({ task: task.name, kind: task.kind, issues });
}
