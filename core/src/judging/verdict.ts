import { z } from 'zod';
import type { EnteredRound } from '../contracts/entrants-rule.js';
import type { MatchContext, MatchOutcome, ScoredContender } from '../contracts/match-rule.js';
import type { ColumnValues, RuleState } from '../contracts/rule.js';
import { isAssayError, type ErrorReport } from '../errors/assay-error.js';
import { PythonRandom } from '../sampling/python-random.js';
import { labelledSeed } from '../sampling/labelled-seed.js';
import type { ComparisonVerdict } from './compared.js';
import { defendersBefore, standingStateBefore, withDefenders } from './defenders.js';
import { reasonForVoid } from './reason-for-void.js';
import type { JudgedContender, RoundInput, RoundRules } from './round-input.js';
import { ownState } from './rule-state.js';
import { finish, type Steps } from './steps.js';

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
 * waits, and if it holds weight the round is void. A round without any score is void, and so is one in which a defender has
 * none, whosever fault it is, or in which nobody who challenges could be scored.
 */
export const judgeRound = (input: RoundInput, rules: RoundRules): RoundVerdict =>
  finish(judgeRoundInSteps(input, rules));

/** The same judgement, step by step. */
export function* judgeRoundInSteps(input: RoundInput, rules: RoundRules): Steps<RoundVerdict> {
  const contenders = [...input.contenders].sort((a, b) => a.block - b.block || a.uid - b.uid);
  const scored = contenders.flatMap((one) => scoredContender(one) ?? []);
  const sharesBefore = input.standingBefore?.shares ?? [];
  const judged = { ...input, contenders };
  try {
    const defenders = defendersBefore(rules.standing, input.standingBefore?.standing ?? null);
    const reason = reasonForVoid(judged, scored, defenders, rules.keepThreshold);
    if (reason) return voidVerdict(reason, judged, rules, sharesBefore);
    const outcome = yield* rules.match.play(scored, matchContextOf(input, rules));
    return countingVerdict(judged, rules, scored, outcome);
  } catch (error) {
    if (!isAssayError(error)) throw error;
    return voidVerdict(error.toReport(), judged, rules, sharesBefore);
  }
}

/** The context of a match rule: everything it gets beside the contenders. */
export function matchContextOf(
  { standingBefore, block, drawn, repetition = 1, seed }: RoundInput,
  { epsilon, standing }: Pick<RoundRules, 'epsilon' | 'standing'>,
): MatchContext {
  const defenders = defendersBefore(standing, standingBefore?.standing ?? null);
  return {
    ...{ epsilon, block, drawn, repetition },
    incumbents: withDefenders(standingBefore?.incumbents ?? [], defenders),
    random: (label) => new PythonRandom(labelledSeed(seed, label)),
  };
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
  const next = rule.next(standingStateBefore(rules.standing, standingBefore?.standing ?? null), {
    contenders: judged,
    winner,
    seats,
    block,
  });
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

/** What became of a contender, in the shape that the entrants rule gets. */
function enteredAs(contender: JudgedContender | undefined): EnteredRound['contenders'][number]['outcome'] {
  if (contender?.outcome.status === 'scored') return 'scored';
  return contender?.outcome.error.fault === 'miner' ? 'refused' : 'waiting';
}

/** A contender as its match rule sees it; undefined for one without a score. */
export function scoredContender({ uid, hotkey, block, outcome }: JudgedContender): ScoredContender | undefined {
  if (outcome.status === 'failed') return undefined;
  const { score, tasks, margin } = outcome;
  return { uid, hotkey, block, score, tasks, ...(margin === undefined ? {} : { margin }) };
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
