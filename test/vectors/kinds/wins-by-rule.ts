import { type Contestant, type RoundVerdict, judgeRound } from '../../pretraining.js';
import { closeDouble, closeFloat, equal } from '../unit.js';
import { judged, type WinsCase } from './wins-case.js';

/** Non-finite scores are as if absent; of one block only the first by (loss, uid) is in the running; a round ends. */
export function checkByRule(unit: WinsCase): void {
  checkRound('scores', unit, unit.contestants, undefined);
  let average: number[] | undefined;
  for (const [round, { contestants }] of unit.rounds.entries())
    average = checkRound(`round ${round}`, unit, contestants, average);
}

function checkRound(
  what: string,
  { epsilon, now, rules }: WinsCase,
  contestants: readonly Contestant[],
  before: number[] | undefined,
): number[] | undefined {
  const finite = contestants.filter(({ loss }) => Number.isFinite(loss));
  const verdict = judgeRound(judged(contestants), before, now, rules);
  if (finite.length === 0) {
    equal(`${what} void`, verdict.void?.code, 'NO_FINITE_SCORE');
    equal(`${what} leaves the weights`, verdict.average, before ?? []);
    return before;
  }
  equal(`${what} void`, verdict.void, null);
  equal(
    `${what} as if absent`,
    judgements(verdict, finite),
    judgements(judgeRound(judged(finite), before, now, rules), finite),
  );
  const rivals = finite.filter((one) =>
    finite.every((other) => other === one || outlasts(one, other, epsilon.fullyDecayed)),
  );
  equal(
    `${what} competitive`,
    judgements(verdict, contestants)
      .filter((one) => one.competitive)
      .map(({ uid }) => uid),
    uids(rivals),
  );
  for (const rival of rivals) {
    const beaten = rivals.filter(
      (other) => other !== rival && beats(rival, other, (one) => epsilon.compute(now, one.block)),
    ).length;
    const found = verdict.contenders.find(({ uid }) => uid === rival.uid);
    equal(`${what} wins of ${rival.uid}`, found?.wins, beaten);
    closeDouble(
      `${what} rate of ${rival.uid}`,
      found?.winRate ?? Number.NaN,
      rivals.length > 1 ? beaten / (rivals.length - 1) : 1,
    );
  }
  closeFloat(
    `${what} sum of the weights`,
    verdict.average.reduce((sum, weight) => sum + weight, 0),
    1,
  );
  equal(
    `${what} has a winner`,
    rivals.some(({ uid }) => uid === verdict.winner?.uid),
    true,
  );
  return verdict.average;
}

const uids = (contestants: readonly Contestant[]): number[] => contestants.map(({ uid }) => uid).sort((a, b) => a - b);

const judgements = ({ contenders }: RoundVerdict, of: readonly Contestant[]): RoundVerdict['contenders'] =>
  contenders.filter(({ uid }) => of.some((one) => one.uid === uid)).sort((a, b) => a.uid - b.uid);

/** VECTORS.md's words once more, apart from the code under test. */
function outlasts(one: Contestant, other: Contestant, decayed: number): boolean {
  if (other.block < one.block) return one.loss < other.loss * (1 - decayed);
  if (other.block > one.block) return true;
  return one.loss === other.loss ? one.uid < other.uid : one.loss < other.loss;
}

function beats(one: Contestant, other: Contestant, epsilon: (of: Contestant) => number): boolean {
  const loss = (of: Contestant, against: Contestant): number =>
    of.block < against.block ? of.loss * (1 - epsilon(of)) : of.loss;
  return loss(one, other) < loss(other, one);
}
