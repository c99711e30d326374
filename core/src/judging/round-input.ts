import type { FiniteScore } from '../contracts/brands.js';
import type { AnyEntrantsRule } from '../contracts/entrants-rule.js';
import type { EpsilonFunction } from '../contracts/epsilon-function.js';
import type { DrawnSamples, MatchRule, ScoredContender } from '../contracts/match-rule.js';
import type { ModelReference } from '../contracts/model.js';
import type { RuleRecord, RuleState } from '../contracts/rule.js';
import type { AnyStandingRule, Seat } from '../contracts/standing-rule.js';
import type { ErrorReport } from '../errors/assay-error.js';
import type { ComparisonVerdict } from './compared.js';

/** A contender as a round hands it to its rules. */
export interface JudgedContender extends Seat {
  /** Block of the claim. */
  block: number;
  /** Equal for models that are evaluated alike. */
  digest: string;
  reference: ModelReference;
  outcome:
    | { status: 'scored'; score: FiniteScore; tasks: ScoredContender['tasks']; margin?: number }
    | { status: 'failed'; error: ErrorReport };
}

export interface RoundRules {
  epsilon: EpsilonFunction;
  match: MatchRule;
  standing: BoundStanding;
  entrants: BoundEntrants;
  /** Share of the competition's weight from which a failure voids the round. */
  keepThreshold: number;
}

/** A standing rule, and how a round records it. */
export interface BoundStanding {
  record: RuleRecord;
  rule: AnyStandingRule;
}

/** An entrants rule, and how a round records it. */
export interface BoundEntrants {
  record: RuleRecord;
  rule: AnyEntrantsRule;
}

/** The standing before a round, as the rule that wrote it says; the round's own rule may be another. */
export interface StandingBefore {
  standing: RuleState;
  /** By uid. */
  shares: readonly number[];
  incumbents: readonly string[];
}

/** Everything that a verdict rests on, beside the rules. */
export interface RoundInput {
  contenders: readonly JudgedContender[];
  /** Everybody who is registered. */
  seats: readonly Seat[];
  /** null before the competition's first round. */
  standingBefore: StandingBefore | null;
  /** What the entrants rule has kept in mind; null before the competition's first round. */
  entrantsBefore: RuleState | null;
  /** Block at which the round was planned. */
  block: number;
  /** What was drawn, in task order. */
  drawn: readonly DrawnSamples[];
  /** Counts the rounds that these contenders play in a row; 1 when left out. */
  repetition?: number;
  /** Of the round; a rule that resamples derives its own by label. */
  seed: bigint;
  /** Where the contenders have the losses of other samples than the match rule asks for: how many they have, and how many are due; null where the round goes on. */
  misplacedStop?: { samples: number; due: number | null };
  /** Claims that may be the best and of which nothing is known, through this machine's fault: the round is void. */
  unknown?: readonly { uid: number; code: string }[];
  /** What the entry checks say of contenders that are like others; absent where no check compares. Their outcomes hold it too. */
  compared?: readonly ComparisonVerdict[];
}
