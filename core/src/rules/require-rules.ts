import type { ChangedRules, SubnetProfile } from '../competition/profile.js';
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
  const inProfile = `profile ${profile.name}`;
  book.bind('commitmentSchemes', profile.commitment, inProfile);
  for (const { fromBlock, standing, entrants, seed, competitions = {} } of profile.rules) {
    const where = `${inProfile} from block ${fromBlock}`;
    book.bind('standingRules', standing, where);
    if (entrants) book.bind('entrantsRules', entrants, where);
    if (seed) book.bind('seedRules', seed, where);
    for (const [name, changed] of Object.entries(competitions)) requireChange(book, changed, `${where}, ${name}`);
  }
  const changes = [...profile.rules, ...profile.schedule].map(({ fromBlock }) => fromBlock);
  for (const block of [...new Set(changes)].sort((a, b) => a - b)) {
    const sum = competitionsAt(profile.schedule, block).reduce((total, { share }) => total + share, 0);
    const takesTheRest = mergeRulesAt(book, profile, block).some(({ rule }) => rule.takesTheRest);
    if (Math.abs(sum - 1) <= TOLERANCE || (sum < 1 && takesTheRest)) continue;
    throw ruleErrors.SHARES_NOT_WHOLE({ profile: profile.name, block, sum });
  }
}

/** @param where whose choices they are, for messages */
function requireChange(book: RuleBook, changed: ChangedRules, where: string): void {
  if (changed.epsilon) book.bind('epsilons', changed.epsilon, where);
  if (changed.match) book.bind('matchRules', changed.match, where);
  if (changed.standing) book.bind('standingRules', changed.standing, where);
  if (changed.entrants) book.bind('entrantsRules', changed.entrants, where);
  for (const check of changed.entryChecks ?? []) book.bind('entryChecks', check, where);
}
