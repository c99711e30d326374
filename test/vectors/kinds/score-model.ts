import type { Normalization } from '@assay/core/competition/competition';
import { finiteScore } from '@assay/core/contracts/brands';
import { scoreModel } from '@assay/core/judging/score';
import { closeDouble, equal, fields, list, Mismatch, number, text, unit, type Fields, type Kind } from '../unit.js';

export const scoreModels: Kind = ({ cases }) =>
  list(cases).map((item, index) => {
    const given = fields(item);
    const raw = list(given['raw_scores']);
    const byRule = raw.some((score) => Array.isArray(score) || !Number.isFinite(number(score)));
    return unit(`cases[${index}]`, byRule, () => {
      if (byRule) checkRule(given, raw);
      else checkScore(given, raw.map(number));
    });
  });

/** A list stands for an unreasonable model and a non-finite number for a broken one: neither may become a score. */
function checkRule(given: Fields, raw: readonly unknown[]): void {
  const usable = raw.map((score) => (Array.isArray(score) ? undefined : finiteScore(number(score))));
  if (!usable.includes(undefined)) throw new Mismatch('every raw score passed as finite');
  equal('tasks', list(given['tasks']).length >= raw.length, true);
}

function checkScore(given: Fields, raw: readonly number[]): void {
  const tasks = list(given['tasks']).map((item, index) => {
    const task = fields(item);
    return { name: text(task['name']), weight: number(task['weight']), rawScore: raw[index] ?? Number.NaN, normalization: normalizationOf(task) };
  });
  const result = scoreModel(tasks);
  closeDouble('score', result.score, given['score']);
  for (const [name, value] of Object.entries(fields(given['details']))) {
    const expected = fields(value);
    const task = result.tasks.find((candidate) => candidate.name === name);
    if (!task) throw new Mismatch(`no details of task ${name}`);
    closeDouble(`${name} raw`, task.rawScore, expected['raw_score']);
    closeDouble(`${name} normalised`, task.normalizedScore, expected['norm_score']);
    closeDouble(`${name} weighted`, task.weightedScore, expected['weighted_norm_score']);
  }
}

function normalizationOf(task: Fields): Normalization {
  if (task['normalization_id'] === 0) return { type: 'none' };
  return { type: 'inverse-exponential', ceiling: number(fields(task['normalization_kwargs'])['ceiling']) };
}
