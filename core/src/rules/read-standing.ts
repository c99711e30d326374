import type { Seat, Standing } from '../contracts/standing-rule.js';
import { readState } from '../judging/rule-state.js';
import type { StandingBefore } from '../judging/round-input.js';
import type { RuleBook } from './rule-book.js';

/**
 * What a standing says of the present owners of the seats, in the words of the rule that wrote it. A newer version of that
 * rule reads it too.
 * @throws RULE_UNKNOWN when no installed package brings the rule; STATE_UNREADABLE
 */
export function readStanding(book: RuleBook, standing: Standing, seats: readonly Seat[]): StandingBefore {
  const { rule } = book.installed('standingRules', standing.by);
  const state: unknown = readState(rule, standing);
  return { standing, shares: rule.shares(state, seats), incumbents: rule.incumbents(state) };
}
