import type { PastResult } from '../../contracts/entrants-rule.js';
import { reduced } from '../match/advantage.js';
import type { EpsilonFunction } from '../../contracts/epsilon-function.js';

/**
 * Is an unchanged model worth another round? Never evaluated: yes. Its last score worse than the winner's: no.
 * Else once the winner's epsilon has decayed enough for it to win. Only failures so far: one retry (taoverse
 * should_retry_model).
 * @param history oldest first
 */
export function shouldRetry(history: readonly PastResult[], epsilon: EpsilonFunction, currentBlock: number): boolean {
  if (history.length === 0) return true;
  const scored = history.findLast(({ score }) => score !== null);
  if (!scored) return history.length === 1;
  const score = scored.score ?? Number.POSITIVE_INFINITY;
  const winnerScore = scored.winnerScore ?? Number.POSITIVE_INFINITY;
  if (score > winnerScore) return false;
  const advantage = epsilon.compute(currentBlock, scored.winnerBlock ?? Number.POSITIVE_INFINITY);
  return score < reduced(winnerScore, advantage);
}
