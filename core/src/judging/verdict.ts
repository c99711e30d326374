import { z } from 'zod';
import type { FiniteScore } from '../contracts/brands.js';
import type { EpsilonFunction } from '../contracts/epsilon-function.js';
import type { DrawnSamples, MatchOutcome, MatchRule, ScoredContender } from '../contracts/match-rule.js';
import type { ColumnValues, RuleRecord, RuleState } from '../contracts/rule.js';
import type { ModelReference } from '../contracts/model.js';
import type { AnyEntrantsRule, EnteredRound } from '../contracts/entrants-rule.js';
import type { AnyStandingRule, Seat } from '../contracts/standing-rule.js';
import { isAssayError, type ErrorReport } from '../errors/assay-error.js';
import { PythonRandom } from '../sampling/python-random.js';
import { labelledSeed } from '../sampling/labelled-seed.js';
import type { ComparisonVerdict } from './compared.js';
import { judgingErrors } from './errors.js';
import { readState } from './rule-state.js';
import { finish, type Steps } from './steps.js';

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
  /** Claims that may be the best and of which nothing is known, through this machine's fault: the round is void. */
  unknown?: readonly { uid: number; code: string }[];
  /** What the entry checks say of contenders that are like others; absent where no check compares. Their outcomes hold it too. */
  compared?: readonly ComparisonVerdict[];
}

export interface ContenderVerdict {
  uid: number;
  /** Block of the claim. */
  block: number;
  score: number | null;
  /** Advantage over later models at the round's block. */
  epsilon: number;
  wins: number | null;
  /** null for a contender that did not play. */
  winRate: number | null;
  /** Of the competition's weight, after the round. */
  share: number;
  /** By the keys of the columns of match and standing rule. */
  values: ColumnValues;
}

export interface RoundVerdict {
  /** Why nothing was decided; null when the round counts. */
  void: ErrorReport | null;
  contenders: ContenderVerdict[];
  /** After the round; of a void round the one before it. */
  standing: RuleState | null;
  /** The same of the entrants rule. */
  entrants: RuleState | null;
  /** Of the competition's weight, by uid, after the round. */
  shares: number[];
  keep: number[];
  winner: { uid: number; block: number; score: number } | null;
  /** Who is refused as a copy or has to be better by a margin; absent where no entry check compares models. */
  compared?: readonly ComparisonVerdict[];
}

/**
 * The whole judgement of one round. Pure: the order of the contenders does not matter.
 *
 * Blame: a contender that failed by the miner's doing scores nothing and the rest is judged; one that failed otherwise
 * waits, and if it holds weight the round is void. A round without any score is void.
 */
export const judgeRound = (input: RoundInput, rules: RoundRules): RoundVerdict =>
  finish(judgeRoundInSteps(input, rules));

/** The same judgement, step by step. */
export function* judgeRoundInSteps(input: RoundInput, rules: RoundRules): Steps<RoundVerdict> {
  const contenders = [...input.contenders].sort((a, b) => a.block - b.block || a.uid - b.uid);
  const scored = contenders.flatMap((one) => scoredContender(one) ?? []);
  const sharesBefore = input.standingBefore?.shares ?? [];
  const judged = { ...input, contenders };
  const reason = reasonForVoid(judged, scored, sharesBefore, rules.keepThreshold);
  if (reason) return voidVerdict(reason, judged, rules, sharesBefore);
  try {
    const outcome = yield* rules.match.play(scored, {
      epsilon: rules.epsilon,
      block: input.block,
      incumbents: input.standingBefore?.incumbents ?? [],
      drawn: input.drawn,
      repetition: input.repetition ?? 1,
      random: (label) => new PythonRandom(labelledSeed(input.seed, label)),
    });
    return countingVerdict(judged, rules, scored, outcome);
  } catch (error) {
    if (!isAssayError(error)) throw error;
    return voidVerdict(error.toReport(), judged, rules, sharesBefore);
  }
}

function countingVerdict(
  { contenders, seats, block, standingBefore, entrantsBefore, compared }: RoundInput,
  rules: RoundRules,
  scored: readonly ScoredContender[],
  { records, winner }: MatchOutcome,
): RoundVerdict {
  const judged = contenders.map(({ uid, hotkey, block: claimedAt, digest, reference, outcome }) => ({
    uid,
    hotkey,
    block: claimedAt,
    digest,
    reference,
    score: outcome.status === 'scored' ? outcome.score : null,
    record: records.get(uid) ?? null,
  }));
  const { rule, record } = rules.standing;
  const before: unknown = ownState(rules.standing, standingBefore?.standing ?? null, rule.continues);
  const next = rule.next(before, { contenders: judged, winner, seats, block });
  const shares = rule.shares(next.state, seats);
  const entered = rules.entrants.rule.next(ownState(rules.entrants, entrantsBefore), {
    ...{ winner, seats, block, shares },
    contenders: judged.map((one, index) => ({ ...one, outcome: enteredAs(contenders[index]) })),
  });
  const best = scored.find(({ uid }) => uid === winner);
  return {
    void: null,
    contenders: judged.map(({ uid, block: claimedAt, score, record }) => ({
      uid,
      block: claimedAt,
      score,
      epsilon: rules.epsilon.compute(block, claimedAt),
      wins: record?.wins ?? null,
      winRate: record?.winRate ?? null,
      share: shares[uid] ?? 0,
      values: { ...record?.values, ...next.values.get(uid) },
    })),
    standing: { by: record, state: z.json().parse(next.state) },
    entrants: { by: rules.entrants.record, state: z.json().parse(entered.state) },
    shares,
    keep: [...entered.keep],
    winner: best ? { uid: best.uid, block: best.block, score: best.score } : null,
    ...(compared ? { compared } : {}),
  };
}

/** The state that a rule goes on from: its own, or one of a rule that it continues. */
function ownState(
  { record, rule }: { record: RuleRecord; rule: { state: z.ZodType } },
  before: RuleState | null,
  continues: readonly string[] = [],
): unknown {
  if (!before) return undefined;
  const { rule: writer } = before.by;
  return writer === record.rule || continues.includes(writer) ? readState(rule, before) : undefined;
}

/** What became of a contender, in the shape that the entrants rule gets. */
function enteredAs(contender: JudgedContender | undefined): EnteredRound['contenders'][number]['outcome'] {
  if (contender?.outcome.status === 'scored') return 'scored';
  return contender?.outcome.error.fault === 'miner' ? 'refused' : 'waiting';
}

function scoredContender({ uid, hotkey, block, outcome }: JudgedContender): ScoredContender | undefined {
  if (outcome.status === 'failed') return undefined;
  const { score, tasks, margin } = outcome;
  return { uid, hotkey, block, score, tasks, ...(margin === undefined ? {} : { margin }) };
}

function reasonForVoid(
  { contenders, unknown = [] }: RoundInput,
  scored: readonly ScoredContender[],
  sharesBefore: readonly number[],
  threshold: number,
): ErrorReport | null {
  for (const { uid, outcome } of contenders) {
    const weight = sharesBefore[uid] ?? 0;
    if (outcome.status === 'failed' && outcome.error.fault !== 'miner' && weight >= threshold) {
      return judgingErrors.INCUMBENT_NOT_SCORED({ uid, weight, code: outcome.error.code }).toReport();
    }
  }
  if (unknown.length > 0)
    return judgingErrors.CLAIMS_UNKNOWN({ unknown: unknown.map(({ uid, code }) => ({ uid, code })) }).toReport();
  return scored.length === 0 ? judgingErrors.NO_FINITE_SCORE({ contenders: contenders.length }).toReport() : null;
}

function voidVerdict(
  reason: ErrorReport,
  { contenders, standingBefore, entrantsBefore, block, compared }: RoundInput,
  { epsilon }: RoundRules,
  sharesBefore: readonly number[],
): RoundVerdict {
  return {
    void: reason,
    contenders: contenders.map(({ uid, block: claimedAt, outcome }) => ({
      uid,
      block: claimedAt,
      score: outcome.status === 'scored' ? outcome.score : null,
      epsilon: epsilon.compute(block, claimedAt),
      wins: null,
      winRate: null,
      share: sharesBefore[uid] ?? 0,
      values: {},
    })),
    standing: standingBefore?.standing ?? null,
    entrants: entrantsBefore,
    shares: [...sharesBefore],
    keep: [],
    winner: null,
    ...(compared ? { compared } : {}),
  };
}
