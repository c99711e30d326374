import type { Normalization } from '../competition/competition.js';

/**
 * A raw score as it enters the weighted sum: itself, or (1 - e^(-score/ceiling)) / (1 - e^-1), which is 1 at the ceiling
 * and stays 1 above it.
 */
export function normalizeScore(score: number, normalization: Normalization): number {
  if (normalization.type === 'none') return score;
  const { ceiling } = normalization;
  if (score >= ceiling) return 1;
  return (1 - Math.exp(-score / ceiling)) / (1 - Math.exp(-1));
}
