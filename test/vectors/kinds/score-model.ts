import type { Normalization } from '@assay/core/competition/competition';
import { finiteScore } from '@assay/core/contracts/brands';
import { scoreModel, type RawTaskScore } from '@assay/core/judging/score';
import {
  closeDouble,
  equal,
  fields,
  list,
  Mismatch,
  number,
  show,
  text,
  units,
  type Fields,
  type Kind,
} from '../unit.js';

export const scoreModels: Kind = (content) =>
  units(content, 'cases', (given) => {
    const tasks = tasksOf(given);
    const result = scoreModel(tasks);
    if (tasks.some(({ rawScore }) => !Number.isFinite(rawScore))) {
      equal('score', finiteScore(result.score) ?? null, null);
      return 'assay';
    }
    closeDouble('score', result.score, given['score']);
    const details = fields(given['details']);
    equal('tasks', result.tasks.map(({ name }) => name).sort(), Object.keys(details).sort());
    for (const task of result.tasks) {
      const expected = fields(details[task.name]);
      closeDouble(`${task.name} raw`, task.rawScore, expected['raw_score']);
      closeDouble(`${task.name} normalised`, task.normalizedScore, expected['norm_score']);
      closeDouble(`${task.name} weighted`, task.weightedScore, expected['weighted_norm_score']);
    }
    return 'reference';
  });

function tasksOf(given: Fields): RawTaskScore[] {
  const raw = list(given['raw_scores']);
  const tasks = list(given['tasks']).map(fields);
  if (raw.length !== tasks.length) throw new Mismatch(`${raw.length} raw scores for ${tasks.length} tasks`);
  return tasks.map((task, index) => ({
    name: text(task['name']),
    weight: number(task['weight']),
    rawScore: rawScoreOf(raw[index]),
    normalization: normalizationOf(task),
  }));
}

/** A list is what the reference's function gives for a model without reasonable output: no score either. */
const rawScoreOf = (value: unknown): number => (Array.isArray(value) ? Number.POSITIVE_INFINITY : number(value));

function normalizationOf(task: Fields): Normalization {
  if (task['normalization_id'] === 0) return { type: 'none' };
  if (task['normalization_id'] !== 1) throw new Mismatch(`unknown normalization ${show(task['normalization_id'])}`);
  return { type: 'inverse-exponential', ceiling: number(fields(task['normalization_kwargs'])['ceiling']) };
}
