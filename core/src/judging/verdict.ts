import type { EpsilonFunction } from '../contracts/epsilon-function.js';
import type { FiniteScore } from '../contracts/brands.js';
import type { ErrorReport } from '../errors/assay-error.js';
import { competitive } from './competitiveness.js';
import { judgingErrors } from './errors.js';
import { modelsToKeep } from './keep.js';
import { recordWeights } from './moving-average.js';
import { softmax32 } from './softmax.js';
import { finish, type Steps } from './steps.js';
import { winsByMeanLossInSteps, winsBySequenceInSteps, type SequenceContestant, type WinRecord } from './wins.js';

export interface JudgedContender {
  uid: number;
  /** Block of the commitment. */
  block: number;
  outcome:
    | { status: 'scored'; score: FiniteScore; sequenceLosses: readonly number[] }
    | { status: 'failed'; error: ErrorReport };
}

export interface RoundRules {
  epsilon: EpsilonFunction;
  comparison: 'mean-loss' | 'per-sequence';
  temperature: number;
  alpha: number;
  /** Average weight from which a failure voids the round and a model is kept first. */
  keepThreshold: number;
  /** Models to keep for the next round. */
  sampleMin: number;
}

export interface ContenderVerdict {
  uid: number;
  block: number;
  score: number | null;
  /** Advantage over later models at the round's block. */
  epsilon: number;
  competitive: boolean;
  wins: number | null;
  winRate: number | null;
  stepWeight: number;
  averageWeight: number;
}

export interface RoundVerdict {
  /** Why nothing was decided; null when the round counts. */
  void: ErrorReport | null;
  contenders: ContenderVerdict[];
  /** Weights by uid after the round; of a void round those before it. */
  average: number[];
  keep: number[];
  winner: { uid: number; block: number; score: number } | null;
}

/**
 * The whole judgement of one round. Pure: the order of the contenders does not matter.
 *
 * Blame: who failed by the miner's doing scores nothing and the rest is judged; who failed otherwise waits, and if it
 * holds weight the round is void. No score at all: void.
 * @param unknown claims that may be the best and of which nothing is known, through the machine's fault: void
 */
export function judgeRound(
  contenders: readonly JudgedContender[],
  averageBefore: readonly number[] | undefined,
  currentBlock: number,
  rules: RoundRules,
  unknown: readonly { uid: number; code: string }[] = [],
): RoundVerdict {
  return finish(judgeRoundInSteps(contenders, averageBefore, currentBlock, rules, unknown));
}

/** The same judgement, step by step. */
export function* judgeRoundInSteps(
  contenders: readonly JudgedContender[],
  averageBefore: readonly number[] | undefined,
  currentBlock: number,
  rules: RoundRules,
  unknown: readonly { uid: number; code: string }[] = [],
): Steps<RoundVerdict> {
  const sorted = [...contenders].sort((a, b) => a.block - b.block || a.uid - b.uid);
  const contestants = sorted.flatMap((contender): SequenceContestant[] => {
    const { uid, block, outcome } = contender;
    return outcome.status === 'scored'
      ? [{ uid, block, loss: outcome.score, sequenceLosses: outcome.sequenceLosses }]
      : [];
  });
  const reason = reasonForVoid(sorted, contestants, averageBefore, rules, unknown);
  if (reason) return voidVerdict(reason, sorted, averageBefore, currentBlock, rules);

  const rivals = competitive(contestants, rules.epsilon);
  const winsOf = rules.comparison === 'mean-loss' ? winsByMeanLossInSteps : winsBySequenceInSteps;
  const records = yield* winsOf(rivals, rules.epsilon, currentBlock);
  const stepWeights = stepWeightsOf(contestants, records, rules.temperature);
  const length = Math.max(averageBefore?.length ?? 0, ...contestants.map(({ uid }) => uid + 1));
  const byUid = Array.from({ length }, (_none, uid) => stepWeights.get(uid) ?? 0);
  const average = recordWeights(averageBefore, byUid, rules.alpha);

  const candidates = rivals.map(({ uid }) => ({
    uid,
    winRate: records.get(uid)?.winRate ?? 0,
    averageWeight: average[uid] ?? 0,
  }));
  const keep = modelsToKeep(
    candidates,
    contestants.map(({ uid, loss }) => ({ uid, score: loss })),
    { count: rules.sampleMin, threshold: rules.keepThreshold },
  );
  return {
    void: null,
    contenders: sorted.map((contender) => verdictOf(contender, currentBlock, rules, { records, stepWeights, average })),
    average,
    keep,
    winner: winnerOf(rivals, records),
  };
}

/** Softmax over the win rates of everyone scored; who is not competitive counts as 0. */
function stepWeightsOf(
  contestants: readonly SequenceContestant[],
  records: ReadonlyMap<number, WinRecord>,
  temperature: number,
): Map<number, number> {
  const weights = softmax32(
    contestants.map(({ uid }) => records.get(uid)?.winRate ?? 0),
    temperature,
  );
  return new Map(contestants.map(({ uid }, index) => [uid, weights[index] ?? 0]));
}

/** Highest win rate; of equal ones the earliest commitment, then the lowest uid. */
function winnerOf(
  rivals: readonly SequenceContestant[],
  records: ReadonlyMap<number, WinRecord>,
): RoundVerdict['winner'] {
  const rate = ({ uid }: SequenceContestant): number => records.get(uid)?.winRate ?? 0;
  const [first, ...rest] = rivals;
  if (!first) return null;
  const best = rest.reduce((leader, rival) => (rate(rival) > rate(leader) ? rival : leader), first);
  return { uid: best.uid, block: best.block, score: best.loss };
}

function reasonForVoid(
  contenders: readonly JudgedContender[],
  contestants: readonly SequenceContestant[],
  averageBefore: readonly number[] | undefined,
  rules: RoundRules,
  unknown: readonly { uid: number; code: string }[],
): ErrorReport | null {
  for (const { uid, outcome } of contenders) {
    const weight = averageBefore?.[uid] ?? 0;
    if (outcome.status === 'failed' && outcome.error.fault !== 'miner' && weight >= rules.keepThreshold) {
      return judgingErrors.INCUMBENT_NOT_SCORED({ uid, weight, code: outcome.error.code }).toReport();
    }
  }
  if (unknown.length > 0)
    return judgingErrors.CLAIMS_UNKNOWN({ unknown: unknown.map(({ uid, code }) => ({ uid, code })) }).toReport();
  if (contestants.length === 0) return judgingErrors.NO_FINITE_SCORE({ contenders: contenders.length }).toReport();
  return rules.comparison === 'per-sequence' ? unequalSequences(contestants) : null;
}

/** Matches per sequence need every sequence of everyone: who lacks some would play fewer of them, or none. */
function unequalSequences(contestants: readonly SequenceContestant[]): ErrorReport | null {
  const expected = Math.max(1, ...contestants.map(({ sequenceLosses }) => sequenceLosses.length));
  const short = contestants.find(({ sequenceLosses }) => sequenceLosses.length !== expected);
  return short
    ? judgingErrors.SEQUENCES_DIFFER({ uid: short.uid, losses: short.sequenceLosses.length, expected }).toReport()
    : null;
}

function voidVerdict(
  reason: ErrorReport,
  contenders: readonly JudgedContender[],
  averageBefore: readonly number[] | undefined,
  currentBlock: number,
  rules: RoundRules,
): RoundVerdict {
  const average = [...(averageBefore ?? [])];
  const nothing = { records: new Map<number, WinRecord>(), stepWeights: new Map<number, number>(), average };
  return {
    void: reason,
    contenders: contenders.map((contender) => verdictOf(contender, currentBlock, rules, nothing)),
    average,
    keep: [],
    winner: null,
  };
}

function verdictOf(
  { uid, block, outcome }: JudgedContender,
  currentBlock: number,
  rules: RoundRules,
  results: {
    records: ReadonlyMap<number, WinRecord>;
    stepWeights: ReadonlyMap<number, number>;
    average: readonly number[];
  },
): ContenderVerdict {
  const record = results.records.get(uid);
  return {
    uid,
    block,
    score: outcome.status === 'scored' ? outcome.score : null,
    epsilon: rules.epsilon.compute(currentBlock, block),
    competitive: record !== undefined,
    wins: record?.wins ?? null,
    winRate: record?.winRate ?? null,
    stepWeight: results.stepWeights.get(uid) ?? 0,
    averageWeight: results.average[uid] ?? 0,
  };
}
