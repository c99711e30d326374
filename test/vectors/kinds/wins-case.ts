import { finiteScore } from '@assay/core/contracts/brands';
import type { EpsilonFunction } from '@assay/core/contracts/epsilon-function';
import { type Contestant, type JudgedContender, type RoundRules, isWin } from '../../pretraining.js';
import { closeDouble, equal, fields, list, Mismatch, number, numbers, type Fields } from '../unit.js';
import { epsilonOf } from './epsilon.js';

/** How the reference's validator was run for the vectors; not in the file. */
export const NEURONS = 32;
const SAMPLE_MIN = 5;
export const THRESHOLD = 0.001;

/** One unit of the file, read once. */
export interface WinsCase {
  epsilon: EpsilonFunction;
  now: number;
  rules: RoundRules;
  contestants: Contestant[];
  rounds: { given: Fields; contestants: Contestant[] }[];
}

export function winsCase(given: Fields, file: Fields): WinsCase {
  const epsilon = epsilonOf(given['epsilon']);
  const rules: RoundRules = {
    epsilon,
    comparison: 'mean-loss',
    temperature: number(file['temperature']),
    alpha: number(file['alpha']),
    keepThreshold: THRESHOLD,
    sampleMin: SAMPLE_MIN,
  };
  const rounds = list(given['validator_rounds']).map((item) => {
    const round = fields(item);
    return { given: round, contestants: contestantsOf(given, round['scores']) };
  });
  return {
    epsilon,
    now: number(given['current_block']),
    rules,
    contestants: contestantsOf(given, given['scores']),
    rounds,
  };
}

/** In the order of the file: where the reference breaks ties by the order of its dict, so does what follows. */
function contestantsOf(given: Fields, scores: unknown): Contestant[] {
  const [byUid, blocks] = [fields(scores), fields(given['blocks'])];
  return numbers(given['uids']).map((uid) => ({ uid, loss: number(byUid[uid]), block: number(blocks[uid]) }));
}

/** A score that is none in any round of the unit, or two uids of one block. */
export function ruleApplies({ contestants, rounds }: WinsCase): boolean {
  const all = [...contestants, ...rounds.flatMap((round) => round.contestants)];
  return (
    all.some(({ loss }) => !Number.isFinite(loss)) ||
    new Set(contestants.map(({ block }) => block)).size < contestants.length
  );
}

export function judged(contestants: readonly Contestant[]): JudgedContender[] {
  return contestants.map(({ uid, block, loss }) => {
    const score = finiteScore(loss);
    if (score !== undefined) return { uid, block, outcome: { status: 'scored', score, sequenceLosses: [loss] } };
    const error = {
      code: 'NON_FINITE_LOSS',
      message: '',
      hint: '',
      fault: 'miner',
      retry: 'never',
      payload: {},
    } as const;
    return { uid, block, outcome: { status: 'failed', error } };
  });
}

/** Epsilon and isWin are the reference's in every unit, the odd ones included. */
export function checkPairs(given: Fields, { epsilon, now, contestants }: WinsCase): void {
  const byUid = new Map(contestants.map((one) => [one.uid, one]));
  for (const [uid, expected] of Object.entries(fields(given['compute_epsilon']))) {
    closeDouble(`epsilon of ${uid}`, epsilon.compute(now, byUid.get(Number(uid))?.block ?? Number.NaN), expected);
  }
  closeDouble('fully decayed', epsilon.fullyDecayed, given['fully_decayed_epsilon']);
  for (const row of list(given['iswin'])) {
    const [a, b] = numbers(list(row).slice(0, 2)).map((uid) => byUid.get(uid));
    if (!a || !b) throw new Mismatch('isWin names a uid that is not there');
    equal(`isWin ${a.uid} ${b.uid}`, isWin(a, b, epsilon, now), list(row)[2]);
  }
}
