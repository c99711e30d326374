import type { TaskKindRule } from '../../contracts/task-kind.js';
import { finiteScore } from '../../contracts/brands.js';
import { scoreModel, taskWeight } from '../../judging/score.js';
import type { JudgedContender } from '../../judging/round-input.js';
import type { ErrorReport } from '../../errors/assay-error.js';
import { kindErrors } from '../../kinds/errors.js';
import { taskKindNamed, taskKindOf } from '../../kinds/task-kinds.js';
import type { EntryContender, RoundEntry } from './entry-shape.js';

/** The score of a contender from the raw scores of its tasks, or its failure. */
export function judgedContender(
  { uid, hotkey, block, evaluationDigest: digest, reference, outcome }: EntryContender,
  tasks: RoundEntry['competition']['tasks'],
  kinds: readonly TaskKindRule[],
): JudgedContender {
  const who = { uid, hotkey, block, digest, reference };
  const refusal = refusalOf(outcome, tasks, kinds);
  if (refusal) return { ...who, outcome: { status: 'failed', error: refusal } };
  if (outcome.status === 'failed') return { ...who, outcome };
  const ran = outcome.tasks.flatMap(({ name, rawScore, samples, losses }) => {
    const task = tasks.find((candidate) => candidate.name === name);
    if (!task) return [];
    const sign = signOf(task, kinds);
    return [
      {
        ...{ name, rawScore: sign * rawScore, losses: losses.map((loss) => sign * loss) },
        ...{ weight: taskWeight(task.weight, samples), normalization: task.normalization },
      },
    ];
  });
  const score = finiteScore(scoreModel(ran).score);
  if (score === undefined) {
    const error = kindErrors.NON_FINITE_SCORE({ task: outcome.tasks.map(({ name }) => name).join(', ') });
    return { ...who, outcome: { status: 'failed', error: error.toReport() } };
  }
  const weights = ran.reduce((sum, { weight }) => sum + weight, 0);
  const played = ran.map(({ name, losses, weight }) => ({ name, losses, weight: weight / weights }));
  return { ...who, outcome: { status: 'scored', score, tasks: played } };
}

/** -1 for a kind of which the higher score is the better one: rules compare losses, of which less is better. */
function signOf(task: RoundEntry['competition']['tasks'][number], kinds: readonly TaskKindRule[]): 1 | -1 {
  const isInstalled = kinds.some(({ name }) => name === task.kind);
  return isInstalled && taskKindOf(task, kinds).better === 'higher' ? -1 : 1;
}

/**
 * Why a contender has no score, by the evaluation or by the kind of one of its tasks; null where neither refuses it.
 * @throws TASK_KIND_UNKNOWN, TASK_KIND_VERSION, EVIDENCE_INVALID
 */
export function refusalOf(
  outcome: EntryContender['outcome'],
  tasks: RoundEntry['competition']['tasks'],
  kinds: readonly TaskKindRule[],
): ErrorReport | null {
  if (outcome.status === 'failed') return outcome.error;
  for (const { name, rawScore, losses, kindVersion, evidence } of outcome.tasks) {
    const task = tasks.find((candidate) => candidate.name === name);
    if (!task || kindVersion === undefined || evidence === undefined) continue;
    const { kind } = task;
    const installed = taskKindNamed(kind, kinds).version;
    if (installed !== kindVersion) throw kindErrors.TASK_KIND_VERSION({ kind, recorded: kindVersion, installed });
    // Losses of an old round may have been dropped; their mean is on record.
    const kept = losses.length > 0 ? losses : [rawScore];
    const { refusal } = taskKindOf(task, kinds).judge({ losses: kept, evidence }, name);
    if (refusal) return refusal.toReport();
  }
  return null;
}
