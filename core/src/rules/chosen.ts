import type { Competition } from '../competition/competition.js';
import type { SubnetProfile } from '../competition/profile.js';
import { rulesAt } from '../competition/schedule.js';
import type { RuleChoice, RuleRecord } from '../contracts/rule.js';
import type { Doors } from './doors.js';
import { ruleErrors } from './errors.js';
import type { BoundRule, RuleBook } from './rule-book.js';

/** What one competition is judged by, by name. */
export interface CompetitionChoices {
  epsilon: RuleChoice;
  match: RuleChoice;
  standing: RuleChoice;
  entrants: RuleChoice;
  seed: RuleChoice;
  entryChecks: readonly RuleChoice[];
}

/** The same with parameters bound. */
export interface ChosenRules {
  epsilon: BoundRule<Doors['epsilons']>;
  match: BoundRule<Doors['matchRules']>;
  standing: BoundRule<Doors['standingRules']>;
  entrants: BoundRule<Doors['entrantsRules']>;
  seed: BoundRule<Doors['seedRules']>;
  entryChecks: readonly BoundRule<Doors['entryChecks']>[];
}

/** The same as a round records it. */
export interface RecordedRules {
  epsilon: RuleRecord;
  match: RuleRecord;
  standing: RuleRecord;
  entrants: RuleRecord;
  seed: RuleRecord;
  entryChecks: RuleRecord[];
}

/** The part of a profile that rules are chosen in. */
export type RuledProfile = Pick<SubnetProfile, 'rules' | 'sampleMin' | 'keepThreshold' | 'syncCadence'>;

/** What a competition is judged by at a block: its own choices, unless the profile changes one from a block on. */
export function choicesAt(
  { rules, sampleMin, keepThreshold, syncCadence }: RuledProfile,
  { name, epsilon, match, standing, entrants, entryChecks }: Competition,
  block: number,
): CompetitionChoices {
  const dated = rulesAt(rules, block);
  return {
    epsilon,
    match,
    standing: standing ?? dated.standing,
    entrants: entrants ?? dated.entrants ?? { rule: 'pool', count: sampleMin, threshold: keepThreshold },
    seed: dated.seed ?? { rule: 'sync-block', cadence: syncCadence },
    entryChecks: entryChecks ?? [{ rule: 'limits' }],
    ...dated.competitions?.[name],
  };
}

/**
 * @param where whose choices they are, for messages
 * @throws RULE_UNKNOWN, RULE_PARAMETERS
 */
export function bindRules(
  book: RuleBook,
  { epsilon, match, standing, entrants, seed, entryChecks }: CompetitionChoices,
  where: string,
): ChosenRules {
  return {
    epsilon: book.bind('epsilons', epsilon, where),
    match: book.bind('matchRules', match, where),
    standing: book.bind('standingRules', standing, where),
    entrants: book.bind('entrantsRules', entrants, where),
    seed: book.bind('seedRules', seed, where),
    entryChecks: entryChecks.map((choice) => book.bind('entryChecks', choice, where)),
  };
}

/**
 * The rules of a competition by block. Those of every date of the profile are bound at once, so that an error in what
 * comes into force later is found at the start.
 * @throws RULE_UNKNOWN, RULE_PARAMETERS, EARLY_STOP_TASKS
 */
export function rulesByBlock(
  book: RuleBook,
  profile: RuledProfile,
  competition: Competition,
): (block: number) => ChosenRules {
  const where = `competition ${competition.name}`;
  const bind = (block: number): ChosenRules => {
    const rules = bindRules(book, choicesAt(profile, competition, block), where);
    const tasks = competition.tasks.length;
    if (rules.match.rule.earlyStop && tasks !== 1)
      throw ruleErrors.EARLY_STOP_TASKS({ competition: competition.name, rule: rules.match.record.rule, tasks });
    return rules;
  };
  const bound = new Map(profile.rules.map((dated) => [dated, bind(dated.fromBlock)]));
  return (block) => bound.get(rulesAt(profile.rules, block)) ?? bind(block);
}

/** The merge rules of a profile at a block, in order. @throws RULE_UNKNOWN, RULE_PARAMETERS */
export const mergeRulesAt = (
  book: RuleBook,
  profile: Pick<SubnetProfile, 'rules'>,
  block: number,
): BoundRule<Doors['mergeRules']>[] =>
  rulesAt(profile.rules, block).merge.map((rule) =>
    book.bind('mergeRules', rule, `the merge rules of the profile at block ${block}`),
  );

export const recordOf = ({ epsilon, match, standing, entrants, seed, entryChecks }: ChosenRules): RecordedRules => ({
  epsilon: epsilon.record,
  match: match.record,
  standing: standing.record,
  entrants: entrants.record,
  seed: seed.record,
  entryChecks: entryChecks.map(({ record }) => record),
});

/** The rules that a round's verdict follows from. */
export type JudgingRules = Pick<ChosenRules, 'epsilon' | 'match' | 'standing' | 'entrants'>;

/** The rules that a round was judged by. @throws RULE_UNKNOWN, RULE_PARAMETERS, RULE_VERSION */
export const recordedRules = (
  book: RuleBook,
  { epsilon, match, standing, entrants }: Pick<RecordedRules, keyof JudgingRules>,
): JudgingRules => ({
  epsilon: book.recorded('epsilons', epsilon),
  match: book.recorded('matchRules', match),
  standing: book.recorded('standingRules', standing),
  entrants: book.recorded('entrantsRules', entrants),
});
