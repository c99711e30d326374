import type { Normalization } from '../competition/competition.js';
import { normalizeScore } from './normalize.js';

export interface RawTaskScore {
  name: string;
  rawScore: number;
  weight: number;
  normalization: Normalization;
}

export interface TaskScore {
  name: string;
  rawScore: number;
  normalizedScore: number;
  /** Its part of the score. */
  weightedScore: number;
}

/** What a task counts: its share, or its number of samples. Only the ratio between tasks matters. */
export const taskWeight = (weight: number | 'samples', samples: number): number =>
  weight === 'samples' ? samples : weight;

/**
 * Sum over tasks of weight * normalised raw score. Lower is better. The weights are those of the tasks that ran, made to
 * sum to 1.
 *
 * The score is NaN, which is none, when any raw score is not finite or no task carries weight: a normalisation would
 * turn infinity into 1, and a sum over nothing would be 0, the best score there is.
 */
export function scoreModel(tasks: readonly RawTaskScore[]): { score: number; tasks: TaskScore[] } {
  const weights = tasks.reduce((sum, { weight }) => sum + weight, 0);
  const scored = tasks.map(({ name, rawScore, weight, normalization }): TaskScore => {
    const normalizedScore = normalizeScore(rawScore, normalization);
    return { name, rawScore, normalizedScore, weightedScore: (normalizedScore * weight) / weights };
  });
  const judgeable = weights > 0 && tasks.every(({ rawScore }) => Number.isFinite(rawScore));
  const score = judgeable ? scored.reduce((sum, { weightedScore }) => sum + weightedScore, 0) : Number.NaN;
  return { score, tasks: scored };
}
