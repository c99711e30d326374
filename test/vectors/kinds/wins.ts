import { finiteScore } from '@assay/core/contracts/brands';
import { competitive, type Contestant } from '@assay/core/judging/competitiveness';
import { keepPriority, modelsToKeep } from '@assay/core/judging/keep';
import { mergeCompetitions } from '@assay/core/judging/moving-average';
import { softmax32 } from '@assay/core/judging/softmax';
import { judgeRound, type JudgedContender } from '@assay/core/judging/verdict';
import { isWin } from '@assay/core/judging/win';
import { winsByMeanLoss, type WinRecord } from '@assay/core/judging/wins';
import { closeDouble, closeFloat, closeFloats, equal, fields, list, Mismatch, number, numbers, unit, type Fields, type Kind } from '../unit.js';
import { epsilonOf } from './epsilon.js';

const NEURONS = 32;
const SAMPLE_MIN = 5;
const THRESHOLD = 0.001;

interface Setting {
  temperature: number;
  alpha: number;
}

export const wins: Kind = ({ cases, temperature, alpha }) => {
  const setting = { temperature: number(temperature), alpha: number(alpha) };
  return list(cases).map((item, index) => {
    const given = fields(item);
    const byRule = ruleApplies(given);
    return unit(`cases[${index}]`, byRule, () => {
      checkPairs(given);
      if (byRule) checkRule(given, setting);
      else checkJudging(given, setting);
    });
  });
};

/** A score that is none in any round of the unit, or two uids of one block. */
function ruleApplies(given: Fields): boolean {
  const blocks = Object.values(fields(given['blocks'])).map(number);
  const rounds = list(given['validator_rounds'] ?? []).map((round) => fields(round)['scores']);
  const scores = [given['scores'], ...rounds].flatMap((item) => Object.values(fields(item)).map(number));
  return scores.some((score) => !Number.isFinite(score)) || new Set(blocks).size < blocks.length;
}

function contestantsOf(given: Fields, scores: unknown): Contestant[] {
  const [byUid, blocks] = [fields(scores), fields(given['blocks'])];
  return numbers(given['uids']).map((uid) => ({ uid, loss: number(byUid[uid]), block: number(blocks[uid]) }));
}

/** Epsilon and isWin are the reference's in every unit, the odd ones included. */
function checkPairs(given: Fields): void {
  const epsilon = epsilonOf(given['epsilon']);
  const now = number(given['current_block']);
  const contestants = new Map(contestantsOf(given, given['scores']).map((one) => [one.uid, one]));
  for (const [uid, expected] of Object.entries(fields(given['compute_epsilon']))) {
    closeDouble(`epsilon of ${uid}`, epsilon.compute(now, contestants.get(Number(uid))?.block ?? Number.NaN), expected);
  }
  closeDouble('fully decayed', epsilon.fullyDecayed, given['fully_decayed_epsilon']);
  for (const row of list(given['iswin'])) {
    const [a, b] = numbers(list(row).slice(0, 2)).map((uid) => contestants.get(uid));
    if (!a || !b) throw new Mismatch('isWin names a uid that is not there');
    equal(`isWin ${a.uid} ${b.uid}`, isWin(a, b, epsilon, now), list(row)[2]);
  }
}

function checkJudging(given: Fields, { temperature, alpha }: Setting): void {
  const epsilon = epsilonOf(given['epsilon']);
  const now = number(given['current_block']);
  const contestants = contestantsOf(given, given['scores']);
  const rivals = competitive(contestants, epsilon);
  equal('competitive', rivals.map(({ uid }) => uid), fields(given['competitive_uids'])['result']);
  const all = winsByMeanLoss(contestants, epsilon, now);
  checkRecords('wins of all', all, fields(given['wins_all']));
  checkRecords('wins of competitive', winsByMeanLoss(rivals, epsilon, now), fields(given['wins_competitive']));
  const rates = winsByMeanLoss(rivals, epsilon, now);
  closeFloats('softmax', softmax32(contestants.map(({ uid }) => rates.get(uid)?.winRate ?? 0), temperature), given['softmax']);

  let average: number[] | undefined;
  for (const [round, item] of list(given['validator_rounds']).entries()) {
    average = checkRound(`round ${round}`, given, fields(item), average, { temperature, alpha });
  }
}

function checkRecords(what: string, records: ReadonlyMap<number, WinRecord>, expected: Fields): void {
  for (const [uid, count] of Object.entries(fields(expected['wins']))) equal(`${what}: ${uid}`, records.get(Number(uid))?.wins, count);
  for (const [uid, rate] of Object.entries(fields(expected['win_rate']))) {
    closeDouble(`${what}: rate of ${uid}`, records.get(Number(uid))?.winRate ?? Number.NaN, rate);
  }
  equal(`${what}: how many`, records.size, Object.keys(fields(expected['wins'])).length);
}

function checkRound(what: string, given: Fields, round: Fields, before: number[] | undefined, setting: Setting): number[] {
  const epsilon = epsilonOf(given['epsilon']);
  const now = number(given['current_block']);
  const contestants = contestantsOf(given, round['scores']);
  const rivals = competitive(contestants, epsilon);
  const records = winsByMeanLoss(rivals, epsilon, now);
  checkRecords(`${what} outcome`, records, fields(round['outcome']));
  const verdict = judgeRound(judged(contestants), before, now, {
    epsilon,
    comparison: 'mean-loss',
    temperature: setting.temperature,
    alpha: setting.alpha,
    keepThreshold: THRESHOLD,
    sampleMin: SAMPLE_MIN,
  });
  const average = padded(verdict.average);
  closeFloats(`${what} average`, average, round['competition_weights']);
  closeFloats(`${what} subnet`, mergeCompetitions(new Map([[1, average]]), [{ id: 1, share: 1 }], NEURONS), round['subnet_weights']);
  checkKept(what, round, contestants, rivals, records, average);
  return average;
}

const padded = (average: readonly number[] | undefined): number[] =>
  Array.from({ length: NEURONS }, (_none, uid) => average?.[uid] ?? 0);

/** In the order of the vectors: where the reference breaks ties by the order of its dict, so does this. */
function checkKept(
  what: string,
  round: Fields,
  contestants: readonly Contestant[],
  rivals: readonly Contestant[],
  records: ReadonlyMap<number, WinRecord>,
  average: readonly number[],
): void {
  const candidates = rivals.map(({ uid }) => ({ uid, winRate: records.get(uid)?.winRate ?? 0, averageWeight: average[uid] ?? 0 }));
  for (const [uid, expected] of Object.entries(fields(round['model_prioritization']))) {
    const candidate = candidates.find((one) => one.uid === Number(uid));
    closeFloat(`${what} priority of ${uid}`, candidate ? keepPriority(candidate, THRESHOLD) : Number.NaN, expected);
  }
  const scored = contestants.map(({ uid, loss }) => ({ uid, score: loss }));
  equal(`${what} kept`, modelsToKeep(candidates, scored, { count: SAMPLE_MIN, threshold: THRESHOLD }), round['models_to_keep']);
  const [first, ...rest] = candidates;
  const top = rest.reduce((leader, one) => (leader && one.winRate > leader.winRate ? one : leader), first);
  equal(`${what} top`, top?.uid, round['top_uid']);
}

const judged = (contestants: readonly Contestant[]): JudgedContender[] =>
  contestants.map(({ uid, block, loss }) => {
    const score = finiteScore(loss);
    if (score !== undefined) return { uid, block, outcome: { status: 'scored', score, sequenceLosses: [loss] } };
    const error = { code: 'NON_FINITE_LOSS', message: '', hint: '', fault: 'miner', retry: 'never', payload: {} } as const;
    return { uid, block, outcome: { status: 'failed', error } };
  });

/** Non-finite scores are as if absent; of one block only the first by (loss, uid) is in the running; a round ends. */
function checkRule(given: Fields, setting: Setting): void {
  const rules = {
    epsilon: epsilonOf(given['epsilon']),
    comparison: 'mean-loss' as const,
    temperature: setting.temperature,
    alpha: setting.alpha,
    keepThreshold: THRESHOLD,
    sampleMin: SAMPLE_MIN,
  };
  const now = number(given['current_block']);
  const contestants = contestantsOf(given, given['scores']);
  const finite = contestants.filter(({ loss }) => Number.isFinite(loss));
  const verdict = judgeRound(judged(contestants), undefined, now, rules);
  equal('void', verdict.void?.code ?? null, finite.length === 0 ? 'NO_FINITE_SCORE' : null);
  if (finite.length === 0) return;
  equal('as if absent', verdict.average, judgeRound(judged(finite), undefined, now, rules).average);
  const expected = finite.filter((one) => finite.every((other) => other === one || outlasts(one, other, rules.epsilon.fullyDecayed)));
  const found = verdict.contenders.filter((contender) => contender.competitive).map(({ uid }) => uid);
  equal('competitive', [...found].sort(), expected.map(({ uid }) => uid).sort());
  equal('someone wins', verdict.winner !== null, true);
}

/** VECTORS.md's words once more, apart from the code under test. */
function outlasts(one: Contestant, other: Contestant, decayed: number): boolean {
  if (other.block < one.block) return one.loss < other.loss * (1 - decayed);
  if (other.block > one.block) return true;
  return one.loss === other.loss ? one.uid < other.uid : one.loss < other.loss;
}

