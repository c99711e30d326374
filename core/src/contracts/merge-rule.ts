import type { Seat } from './standing-rule.js';

export interface MergeInput {
  /** Shares of each competition in force by uid; a competition that has judged nothing is absent. */
  standings: ReadonlyMap<number, readonly number[]>;
  /** Competitions in force and their shares of the subnet's weight. */
  schedule: readonly { id: number; share: number }[];
  /** Everybody who is registered. */
  seats: readonly Seat[];
  /** Hotkey of the subnet's owner, where the chain tells it. */
  ownerHotkey: string | null;
}

/**
 * One step from the standings of all competitions to the subnet's weights. The rules of a list run in order, each on the
 * weights of the one before it; what is left at the end is divided by its sum.
 */
export interface MergeRule {
  /** Whether this rule gives unearned weight to a receiver. Then the shares of a schedule may sum to less than 1. */
  readonly takesTheRest: boolean;
  /**
   * @param weights by uid, one for each uid up to the highest; all zero before the first rule
   * @throws a coded error when no weights may be set; the old weights stay, and a warning is reported
   */
  apply(weights: readonly number[], input: MergeInput): number[];
}
