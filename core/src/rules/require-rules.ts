import type { SubnetProfile } from '../competition/profile.js';
import { competitionsAt } from '../competition/schedule.js';
import { mergeRulesAt } from './chosen.js';
import { ruleErrors } from './errors.js';
import type { RuleBook } from './rule-book.js';

/** How far the shares may be from 1. */
const TOLERANCE = 1e-9;

/**
 * Whether the rules that a profile chooses for any block are installed and take their parameters, and whether at every
 * block all of the weight finds a receiver.
 * @throws RULE_UNKNOWN, RULE_PARAMETERS, SHARES_NOT_WHOLE
 */
export function requireRules(
  book: RuleBook,
  profile: Pick<SubnetProfile, 'name' | 'rules' | 'schedule' | 'commitment'>,
): void {
  book.bind('commitmentSchemes', profile.commitment);
  for (const { standing, entrants, seed, competitions = {} } of profile.rules) {
    book.bind('standingRules', standing);
    if (entrants) book.bind('entrantsRules', entrants);
    if (seed) book.bind('seedRules', seed);
    for (const changed of Object.values(competitions)) {
      if (changed.epsilon) book.bind('epsilons', changed.epsilon);
      if (changed.match) book.bind('matchRules', changed.match);
      if (changed.standing) book.bind('standingRules', changed.standing);
      if (changed.entrants) book.bind('entrantsRules', changed.entrants);
      for (const check of changed.entryChecks ?? []) book.bind('entryChecks', check);
    }
  }
  const changes = [...profile.rules, ...profile.schedule].map(({ fromBlock }) => fromBlock);
  for (const block of [...new Set(changes)].sort((a, b) => a - b)) {
    const sum = competitionsAt(profile.schedule, block).reduce((total, { share }) => total + share, 0);
    const takesTheRest = mergeRulesAt(book, profile, block).some(({ rule }) => rule.takesTheRest);
    if (Math.abs(sum - 1) <= TOLERANCE || (sum < 1 && takesTheRest)) continue;
    throw ruleErrors.SHARES_NOT_WHOLE({ profile: profile.name, block, sum });
  }
}
