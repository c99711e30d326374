import { keepPriority, modelsToKeep, type KeepCandidate } from '@assay/core/rules/entrants/keep';
import { softmax32 } from '@assay/core/judging/softmax';
import { type WinRecord, competitive, judgeRound, mergeCompetitions, winsByMeanLoss } from '../../pretraining.js';
import { closeDouble, closeFloat, closeFloats, equal, fields, units, type Fields, type Kind } from '../unit.js';
import { checkByRule } from './wins-by-rule.js';
import { checkPairs, judged, NEURONS, ruleApplies, THRESHOLD, winsCase, type WinsCase } from './wins-case.js';

export const wins: Kind = (content) =>
  units(content, 'cases', (given) => {
    const unit = winsCase(given, content);
    checkPairs(given, unit);
    checkRecords('wins of all', winsByMeanLoss(unit.contestants, unit.epsilon, unit.now), fields(given['wins_all']));
    if (ruleApplies(unit)) {
      checkByRule(unit);
      return 'assay';
    }
    checkJudging(given, unit);
    let average: number[] | undefined;
    for (const [index, round] of unit.rounds.entries()) average = checkRound(`round ${index}`, unit, round, average);
    return 'reference';
  });

function checkJudging(given: Fields, { epsilon, now, contestants, rules }: WinsCase): void {
  const rivals = competitive(contestants, epsilon);
  equal(
    'competitive',
    rivals.map(({ uid }) => uid),
    fields(given['competitive_uids'])['result'],
  );
  const records = winsByMeanLoss(rivals, epsilon, now);
  checkRecords('wins of competitive', records, fields(given['wins_competitive']));
  const rates = contestants.map(({ uid }) => records.get(uid)?.winRate ?? 0);
  closeFloats('softmax', softmax32(rates, rules.temperature), given['softmax']);
}

function checkRecords(what: string, records: ReadonlyMap<number, WinRecord>, expected: Fields): void {
  for (const [uid, count] of Object.entries(fields(expected['wins'])))
    equal(`${what}: ${uid}`, records.get(Number(uid))?.wins, count);
  for (const [uid, rate] of Object.entries(fields(expected['win_rate']))) {
    closeDouble(`${what}: rate of ${uid}`, records.get(Number(uid))?.winRate ?? Number.NaN, rate);
  }
  equal(`${what}: how many`, records.size, Object.keys(fields(expected['wins'])).length);
}

function checkRound(
  what: string,
  { epsilon, now, rules }: WinsCase,
  { given, contestants }: WinsCase['rounds'][number],
  before: number[] | undefined,
): number[] {
  const rivals = competitive(contestants, epsilon);
  const records = winsByMeanLoss(rivals, epsilon, now);
  checkRecords(`${what} outcome`, records, fields(given['outcome']));
  const verdict = judgeRound(judged(contestants), before, now, rules);
  const average = Array.from({ length: NEURONS }, (_none, uid) => verdict.average[uid] ?? 0);
  closeFloats(`${what} average`, average, given['competition_weights']);
  closeFloats(
    `${what} subnet`,
    mergeCompetitions(new Map([[1, average]]), [{ id: 1, share: 1 }], NEURONS),
    given['subnet_weights'],
  );
  const candidates = rivals.map(({ uid }) => ({
    uid,
    winRate: records.get(uid)?.winRate ?? 0,
    averageWeight: average[uid] ?? 0,
  }));
  checkPriorities(what, candidates, fields(given['model_prioritization']));
  const scored = contestants.map(({ uid, loss }) => ({ uid, score: loss }));
  const kept = modelsToKeep(candidates, scored, { count: rules.sampleMin, threshold: THRESHOLD });
  equal(`${what} kept`, kept, given['models_to_keep']);
  const [first, ...rest] = candidates;
  const top = rest.reduce((leader, one) => (leader && one.winRate > leader.winRate ? one : leader), first);
  equal(`${what} top`, top?.uid, given['top_uid']);
  return average;
}

function checkPriorities(what: string, candidates: readonly KeepCandidate[], expected: Fields): void {
  for (const [uid, priority] of Object.entries(expected)) {
    const candidate = candidates.find((one) => one.uid === Number(uid));
    closeFloat(`${what} priority of ${uid}`, candidate ? keepPriority(candidate, THRESHOLD) : Number.NaN, priority);
  }
}
