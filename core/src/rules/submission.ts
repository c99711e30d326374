import type { RuleRecord } from '../contracts/rule.js';
import type { Seat, Standing } from '../contracts/standing-rule.js';
import { mergeStandings } from '../judging/merge.js';
import { quantizeWeights } from '../judging/quantize.js';
import { readStanding } from './read-standing.js';
import type { RuleBook } from './rule-book.js';

/** All that a submission of weights follows from. */
export interface SubmissionInput {
  /** Standings of competitions in force, by id. */
  standings: Readonly<Record<string, Standing>>;
  schedule: readonly { id: number; share: number }[];
  /** Merge rules, in order. */
  merge: readonly RuleRecord[];
  /** Everybody who is registered. */
  seats: readonly Seat[];
  /** Hotkey of the subnet's owner, where the chain tells it. */
  ownerHotkey: string | null;
  minAllowedWeights: number;
}

export interface Submission {
  /** What each standing gives to the present owners of the seats, by uid. */
  standings: ReadonlyMap<number, readonly number[]>;
  /** Share of the subnet's weight by uid, summing to 1; all 0 when nobody has any. */
  shares: number[];
  uids: number[];
  /** u16, one for each of `uids`; zeros fill up what the chain counts. */
  weights: number[];
}

/**
 * The weights that are submitted: the run and its replay are the same calculation.
 * @throws RULE_UNKNOWN, RULE_VERSION, WEIGHT_NOT_FINITE, and what a merge rule throws
 */
export function submissionOf(input: SubmissionInput, book: RuleBook): Submission {
  const { schedule, seats, ownerHotkey, minAllowedWeights } = input;
  const standings = new Map(
    Object.entries(input.standings).map(([id, standing]) => [Number(id), readStanding(book, standing, seats).shares]),
  );
  const merge = input.merge.map((record) => book.recorded('mergeRules', record).rule);
  const shares = mergeStandings({ standings, schedule, seats, ownerHotkey }, merge);
  return {
    standings,
    shares,
    ...quantizeWeights(shares, { minAllowedWeights, uids: seats.map(({ uid }) => uid).sort((a, b) => a - b) }),
  };
}
