import type { MatchOutcome } from '../contracts/match-rule.js';
import { isAssayError, type AssayError } from '../errors/assay-error.js';
import { messageOf } from '../errors/describe.js';
import { judgingErrors } from './errors.js';

/** How far a sum of float32 shares may be above 1. */
const TOLERANCE = 1e-4;

/** What a rule answers. @throws RULE_FAILED with the rule's name for any error that has no code */
export function answerOf<T>(rule: string, ask: () => T): T {
  try {
    return ask();
  } catch (error) {
    throw failureOf(rule, error);
  }
}

/** An error of a rule: its own where it has a code. */
export const failureOf = (rule: string, error: unknown): AssayError =>
  isAssayError(error) ? error : judgingErrors.RULE_FAILED({ rule, reason: messageOf(error) }, error);

/** Shares that a standing rule hands out. @throws RULE_FAILED where they are not from 0, or sum to more than 1 */
export function usableShares(rule: string, shares: readonly number[]): number[] {
  const wrong = shares.findIndex((share) => !Number.isFinite(share) || share < 0);
  if (wrong >= 0)
    throw judgingErrors.RULE_FAILED({ rule, reason: `it gives uid ${wrong} a share of ${shares[wrong]}` });
  const sum = shares.reduce((total, share) => total + share, 0);
  if (sum > 1 + TOLERANCE) throw judgingErrors.RULE_FAILED({ rule, reason: `its shares sum to ${sum}` });
  return [...shares];
}

/** The outcome of a match rule. @throws RULE_FAILED where it names a stranger, or counts in something else than numbers */
export function usableOutcome(rule: string, outcome: MatchOutcome, uids: ReadonlySet<number>): MatchOutcome {
  const { records, winner } = outcome;
  if (winner !== null && !uids.has(winner))
    throw judgingErrors.RULE_FAILED({ rule, reason: `it names uid ${winner}, which did not play` });
  for (const [uid, { wins, matches, winRate }] of records)
    if (![wins, matches, winRate].every((value) => Number.isFinite(value) && value >= 0))
      throw judgingErrors.RULE_FAILED({ rule, reason: `it counts ${wins} wins of ${matches} for uid ${uid}` });
  return outcome;
}
