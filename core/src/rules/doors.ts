import type { CommitmentScheme } from '../contracts/commitment-scheme.js';
import type { AnyEntrantsRule } from '../contracts/entrants-rule.js';
import type { EntryCheck } from '../contracts/entry-check.js';
import type { EpsilonFunction } from '../contracts/epsilon-function.js';
import type { MatchRule } from '../contracts/match-rule.js';
import type { MergeRule } from '../contracts/merge-rule.js';
import type { SeedRule } from '../contracts/seed-rule.js';
import type { TaskKind } from '../contracts/task-kind.js';
import type { AnyStandingRule } from '../contracts/standing-rule.js';

/** What the rules behind each door bind to, by the key in `provides`. */
export interface Doors {
  epsilons: EpsilonFunction;
  matchRules: MatchRule;
  standingRules: AnyStandingRule;
  mergeRules: MergeRule;
  entrantsRules: AnyEntrantsRule;
  seedRules: SeedRule;
  commitmentSchemes: CommitmentScheme;
  entryChecks: EntryCheck;
  taskKinds: TaskKind;
}

export type DoorName = keyof Doors;

/** One row for each door: how it is called, and what its rules decide. */
export const DOORS: Readonly<Record<DoorName, { title: string; decides: string }>> = {
  commitmentSchemes: {
    title: 'commitment scheme',
    decides: 'Where claims are read, what they say, which files count, and what binds them to the owner.',
  },
  entryChecks: { title: 'entry check', decides: 'Whether a model may play.' },
  taskKinds: {
    title: 'task kind',
    decides: 'What is sampled and what follows from a result: losses, a score, or a refusal.',
  },
  seedRules: { title: 'seed rule', decides: 'What the samples are drawn from.' },
  epsilons: { title: 'epsilon function', decides: 'How much better a later model has to be than an earlier one.' },
  entrantsRules: {
    title: 'entrants rule',
    decides: 'Who plays the next round, who may come again, and whom to keep.',
  },
  matchRules: { title: 'match rule', decides: 'Who wins, from scores and losses.' },
  standingRules: {
    title: 'standing rule',
    decides: "What a round does to the competition's standing, and who gets what share of it.",
  },
  mergeRules: { title: 'merge rule', decides: "How the standings of all competitions become the subnet's weights." },
};

export const DOOR_NAMES = Object.keys(DOORS) as DoorName[];

/** One value for each door. */
export function forEachDoor<T>(make: (name: DoorName) => T): Record<DoorName, T> {
  return Object.fromEntries(DOOR_NAMES.map((name) => [name, make(name)])) as Record<DoorName, T>;
}
