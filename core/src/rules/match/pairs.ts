import type { MatchContext, MatchOutcome, MatchRecord, ScoredContender } from '../../contracts/match-rule.js';
import type { EpsilonFunction } from '../../contracts/epsilon-function.js';
import type { Steps } from '../../judging/steps.js';
import { raised, reduced } from './advantage.js';
import { tally } from './tally.js';

/**
 * Contenders that could still win once every epsilon has decayed: better than each earlier model by the final epsilon, and
 * by their own margin where they have one.
 * Among models of one block only the first by score and uid stays, with no epsilon between them; in the reference they
 * eliminate each other. Keeps the given order.
 */
export function competitive(contenders: readonly ScoredContender[], epsilon: EpsilonFunction): ScoredContender[] {
  return contenders.filter((one) => contenders.every((other) => other === one || withstands(one, other, epsilon)));
}

function withstands(one: ScoredContender, other: ScoredContender, epsilon: EpsilonFunction): boolean {
  if (other.block > one.block) return true;
  if (other.block === one.block) return one.score < other.score || (one.score === other.score && one.uid < other.uid);
  return raised(one.score, one.margin ?? 0) < reduced(other.score, epsilon.fullyDecayed);
}

/**
 * Everybody competitive against everybody competitive; the winner has the highest win rate, of equal ones the first. Who
 * has nobody to play against wins everything there is.
 * @param lossesOf what a pair plays one match each for
 */
export function* everyPair(
  contenders: readonly ScoredContender[],
  { epsilon, block }: MatchContext,
  lossesOf: (one: ScoredContender) => readonly number[],
): Steps<MatchOutcome> {
  const rivals = competitive(contenders, epsilon);
  const tallies = yield* tally(rivals, lossesOf, epsilon, block);
  const records = new Map(
    [...tallies].map(([uid, { wins, matches }]): [number, MatchRecord] => [
      uid,
      { wins, matches, winRate: rivals.length === 1 ? 1 : matches > 0 ? wins / matches : 0 },
    ]),
  );
  const rateOf = ({ uid }: ScoredContender): number => records.get(uid)?.winRate ?? 0;
  const best = rivals.reduce<ScoredContender | undefined>(
    (leader, rival) => (leader && rateOf(leader) >= rateOf(rival) ? leader : rival),
    undefined,
  );
  return { records, winner: best?.uid ?? null };
}
