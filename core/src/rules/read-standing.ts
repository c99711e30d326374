import type { Seat, Standing } from '../contracts/standing-rule.js';
import { answerOf, usableShares } from '../judging/rule-answers.js';
import type { StandingBefore } from '../judging/verdict.js';
import type { RuleBook } from './rule-book.js';

/**
 * What a standing says of the present owners of the seats, in the words of the rule that wrote it. A newer version of that
 * rule reads it too.
 * @throws RULE_UNKNOWN when no installed package brings the rule; RULE_FAILED
 */
export function readStanding(book: RuleBook, standing: Standing, seats: readonly Seat[]): StandingBefore {
  const { rule, record } = book.installed('standingRules', standing.by);
  return answerOf(record.rule, () => {
    const state: unknown = rule.state.parse(standing.state);
    const shares = usableShares(record.rule, rule.shares(state, seats));
    return { standing, shares, incumbents: rule.incumbents(state) };
  });
}
