import { finiteScore } from '../../contracts/brands.js';
import { scoreModel, taskWeight } from '../../judging/score.js';
import type { JudgedContender } from '../../judging/verdict.js';
import { runtimeErrors } from '../errors.js';
import type { EntryContender, RoundEntry } from './entry-shape.js';

/** The score of a contender from the raw scores of its tasks, or its failure. */
export function judgedContender(
  { uid, hotkey, block, evaluationDigest: digest, outcome }: EntryContender,
  tasks: RoundEntry['competition']['tasks'],
): JudgedContender {
  if (outcome.status === 'failed') return { uid, hotkey, block, digest, outcome };
  const ran = outcome.tasks.flatMap(({ name, rawScore, samples, losses }) => {
    const task = tasks.find((candidate) => candidate.name === name);
    if (!task) return [];
    return [{ name, rawScore, losses, weight: taskWeight(task.weight, samples), normalization: task.normalization }];
  });
  const score = finiteScore(scoreModel(ran).score);
  if (score === undefined) {
    const error = runtimeErrors.NON_FINITE_SCORE({ task: outcome.tasks.map(({ name }) => name).join(', ') });
    return { uid, hotkey, block, digest, outcome: { status: 'failed', error: error.toReport() } };
  }
  const weights = ran.reduce((sum, { weight }) => sum + weight, 0);
  const played = ran.map(({ name, losses, weight }) => ({ name, losses, weight: weight / weights }));
  return { uid, hotkey, block, digest, outcome: { status: 'scored', score, tasks: played } };
}
