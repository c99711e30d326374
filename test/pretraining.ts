import type { EpsilonFunction } from '@assay/core/contracts/epsilon-function';
import type { FiniteScore } from '@assay/core/contracts/brands';
import type { ScoredContender } from '@assay/core/contracts/match-rule';
import { mergeStandings } from '@assay/core/judging/merge';
import { finish, type Steps } from '@assay/core/judging/steps';
import { judgeRound as judge } from '@assay/core/judging/verdict';
import type { JudgedContender as Judged } from '@assay/core/judging/round-input';
import { fixed } from '@assay/core/rules/epsilon/fixed';
import { linearDecay as linearDecayRule } from '@assay/core/rules/epsilon/linear-decay';
import { competitive as competitiveOf } from '@assay/core/rules/match/pairs';
import { tally } from '@assay/core/rules/match/tally';
import { RuleBook } from '@assay/core/rules/rule-book';

export { isWin } from '@assay/core/rules/match/advantage';

/** The rules of the preset `pretraining` in the words of netuid 9's vectors: losses, averages by uid, no hotkeys. */
const book = new RuleBook();

/** Of any size: the vectors have epsilons that no subnet may choose. */
export const fixedEpsilon = (epsilon: number): EpsilonFunction => fixed.bind({ epsilon });
export const linearDecay = (of: { start: number; end: number; blocks: number }): EpsilonFunction =>
  linearDecayRule.bind(of);

export interface Contestant {
  uid: number;
  block: number;
  loss: number;
  sequenceLosses?: readonly number[];
}

const hotkeyAt = (uid: number): string => `hotkey-${uid}`;
const contenderOf = ({ uid, block, loss, sequenceLosses = [loss] }: Contestant): ScoredContender => ({
  uid,
  hotkey: hotkeyAt(uid),
  block,
  // Some units ask what a loss that is no score would do.
  score: loss as FiniteScore,
  tasks: [{ name: 'task', weight: 1, losses: sequenceLosses }],
});

export function competitive<T extends Contestant>(contestants: readonly T[], epsilon: EpsilonFunction): T[] {
  const left = new Set(competitiveOf(contestants.map(contenderOf), epsilon).map(({ uid }) => uid));
  return contestants.filter(({ uid }) => left.has(uid));
}

export interface WinRecord {
  wins: number;
  winRate: number;
}

/** Matches of all against all, in steps, with the win rate as the rules count it. */
function* winsInSteps(
  contestants: readonly Contestant[],
  lossesOf: (one: ScoredContender) => readonly number[],
  epsilon: EpsilonFunction,
  now: number,
): Steps<Map<number, WinRecord>> {
  const tallies = yield* tally(contestants.map(contenderOf), lossesOf, epsilon, now);
  const rate = (wins: number, matches: number): number => (tallies.size === 1 ? 1 : matches > 0 ? wins / matches : 0);
  return new Map([...tallies].map(([uid, { wins, matches }]) => [uid, { wins, winRate: rate(wins, matches) }]));
}

type Wins = (contestants: readonly Contestant[], epsilon: EpsilonFunction, now: number) => Map<number, WinRecord>;
export const winsByMeanLoss: Wins = (all, epsilon, now) =>
  finish(winsInSteps(all, ({ score }) => [score], epsilon, now));
export const winsBySequenceInSteps = (
  all: readonly Contestant[],
  epsilon: EpsilonFunction,
  now: number,
): Steps<Map<number, WinRecord>> => winsInSteps(all, ({ tasks: [task] }) => task?.losses ?? [], epsilon, now);
export const winsBySequence: Wins = (all, epsilon, now) => finish(winsBySequenceInSteps(all, epsilon, now));

export interface RoundRules {
  epsilon: EpsilonFunction;
  comparison: 'mean-loss' | 'per-sequence';
  temperature: number;
  alpha: number;
  keepThreshold: number;
  sampleMin: number;
}

/** A contender with the loss of each sequence, and their mean as the score. */
export interface JudgedContender {
  uid: number;
  block: number;
  outcome:
    | { status: 'scored'; score: FiniteScore; sequenceLosses: readonly number[] }
    | Extract<Judged['outcome'], { status: 'failed' }>;
}

export interface RoundVerdict {
  void: ReturnType<typeof judge>['void'];
  contenders: {
    uid: number;
    block: number;
    score: number | null;
    epsilon: number;
    competitive: boolean;
    wins: number | null;
    winRate: number | null;
    stepWeight: number;
    averageWeight: number;
  }[];
  average: number[];
  keep: number[];
  winner: { uid: number; block: number; score: number } | null;
}

/** @param averageBefore by uid; each uid keeps its owner */
export function judgeRound(
  contenders: readonly JudgedContender[],
  averageBefore: readonly number[] | undefined,
  block: number,
  { comparison, temperature, alpha, sampleMin, ...rules }: RoundRules,
  unknown: readonly { uid: number; code: string }[] = [],
): RoundVerdict {
  const standing = book.bind('standingRules', { rule: 'softmax-average', temperature, alpha });
  const match = book.bind('matchRules', { rule: comparison === 'mean-loss' ? 'mean-loss' : 'per-batch' }).rule;
  const entrants = book.bind('entrantsRules', { rule: 'pool', count: sampleMin, threshold: rules.keepThreshold });
  const scored = contenders.filter(({ outcome }) => outcome.status === 'scored');
  const length = Math.max(averageBefore?.length ?? 0, ...scored.map(({ uid }) => uid + 1));
  const seats = Array.from({ length }, (_none, uid) => ({ uid, hotkey: hotkeyAt(uid) }));
  const state = averageBefore && {
    weights: [...averageBefore],
    hotkeys: averageBefore.map((_one, uid) => hotkeyAt(uid)),
  };
  const verdict = judge(
    {
      contenders: contenders.map(asJudged),
      seats,
      standingBefore: state
        ? { standing: { by: standing.record, state }, shares: state.weights, incumbents: [] }
        : null,
      entrantsBefore: null,
      drawn: [],
      block,
      seed: 1n,
      unknown,
    },
    { ...rules, match, standing, entrants },
  );
  return {
    void: verdict.void,
    contenders: verdict.contenders.map(({ share, values, ...one }) => ({
      ...one,
      competitive: one.winRate !== null,
      stepWeight: Number(values['stepWeight'] ?? 0),
      averageWeight: share,
    })),
    average: verdict.shares,
    keep: verdict.keep,
    winner: verdict.winner,
  };
}

function asJudged({ uid, block, outcome }: JudgedContender): Judged {
  const hotkey = hotkeyAt(uid);
  const digest = `model-${uid}`;
  const reference = { namespace: 'miner', name: digest, revision: '0'.repeat(40) };
  if (outcome.status === 'failed') return { uid, hotkey, block, digest, reference, outcome };
  const { score, sequenceLosses } = outcome;
  return {
    uid,
    hotkey,
    block,
    digest,
    reference,
    outcome: { status: 'scored', score, tasks: [{ name: 'task', weight: 1, losses: sequenceLosses }] },
  };
}

/** Averages by competition to weights by uid, by the rule `by-share`. */
export function mergeCompetitions(
  averages: ReadonlyMap<number, readonly number[]>,
  schedule: readonly { id: number; share: number }[],
  length: number,
  threshold = 0,
): number[] {
  const seats = Array.from({ length }, (_none, uid) => ({ uid, hotkey: hotkeyAt(uid) }));
  const rule = book.bind('mergeRules', { rule: 'by-share', threshold }).rule;
  return mergeStandings({ standings: averages, schedule, seats, ownerHotkey: null }, [rule]);
}

/** A vector over more uids: the new ones have nothing. */
export const grownTo = (average: readonly number[], neurons: number): number[] =>
  Array.from({ length: Math.max(neurons, average.length) }, (_none, uid) => average[uid] ?? 0);

/** The averages of competitions that are still in the schedule. */
export const inSchedule = <T>(averages: ReadonlyMap<number, T>, ids: readonly number[]): Map<number, T> =>
  new Map([...averages].filter(([id]) => ids.includes(id)));
