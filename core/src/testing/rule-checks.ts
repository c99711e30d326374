import type { Rule } from '../contracts/rule.js';
import type { DoorName, Doors } from '../rules/doors.js';
import type { Checks } from './checks.js';
import { demand } from './checks.js';
import { ENTRANTS_CASES } from './rules/entrants-cases.js';
import { ENTRY_CASES } from './rules/entry-cases.js';
import { EPSILON_CASES } from './rules/epsilon-cases.js';
import { KIND_CASES } from './rules/kind-cases.js';
import { MATCH_CASES } from './rules/match-cases.js';
import { MERGE_CASES } from './rules/merge-cases.js';
import { SCHEME_CASES } from './rules/scheme-cases.js';
import { SEED_CASES } from './rules/seed-cases.js';
import { STANDING_CASES } from './rules/standing-cases.js';

/** One table of cases for each door: every rule behind it has to pass all of them, with each of its examples. */
export const RULE_CASES: {
  readonly [Door in DoorName]: Readonly<Record<string, (rule: Doors[Door]) => void>>;
} = {
  epsilons: EPSILON_CASES,
  commitmentSchemes: SCHEME_CASES,
  entryChecks: ENTRY_CASES,
  taskKinds: KIND_CASES,
  seedRules: SEED_CASES,
  entrantsRules: ENTRANTS_CASES,
  matchRules: MATCH_CASES,
  standingRules: STANDING_CASES,
  mergeRules: MERGE_CASES,
};

/** What a rule of a package has to be, tried with the parameters of its examples. */
export function ruleChecks<Door extends DoorName>(door: Door, rule: Rule<Doors[Door]>): Checks {
  const TAKES = 'takes the parameters of its examples, and gives them back as plain data';
  const cases: Readonly<Record<string, (bound: Doors[Door]) => void>> = RULE_CASES[door];
  const bound = (): Doors[Door][] => rule.examples.map((example) => rule.bind(rule.parameters.parse(example)));
  return {
    [TAKES]: () => {
      for (const example of rule.examples) {
        const parsed: unknown = rule.parameters.parse(example);
        demand(
          JSON.stringify(parsed) === JSON.stringify(structuredClone(parsed)),
          'they hold something that is no data',
        );
        rule.bind(parsed);
      }
    },
    'refuses parameters that it does not know': () => {
      const [example = {}] = rule.examples;
      const strange = rule.parameters.safeParse({ ...example, 'no-such-parameter': 1 });
      demand(!strange.success, 'a misspelt parameter would be ignored: make the schema strict');
    },
    ...Object.fromEntries(
      Object.entries(cases).map(([name, run]) => [
        name,
        {
          needs: TAKES,
          run: () => {
            for (const one of bound()) run(one);
          },
        },
      ]),
    ),
  };
}
