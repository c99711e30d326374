import type { MatchContext, MatchRecord, ScoredContender } from '@assay/core/contracts/match-rule';
import type { ColumnValues } from '@assay/core/contracts/rule';
import { valuesOf, type Judged } from './verdict.js';

interface Line {
  wins: number;
  matches: number;
  /** Of the duel in which it challenged. */
  values?: ColumnValues;
  playsAgain?: true;
}

/** Wins of a round, by uid. */
export class Tally {
  readonly #lines = new Map<number, Line>();

  /** A challenger that has to win once more has not won yet: the king keeps the throne. */
  add(judged: Judged, context: MatchContext, tolerance: number): void {
    const { king, challenger, verdict } = judged;
    this.#count(verdict === 'won' ? challenger : king, verdict === 'won' ? king : challenger);
    const line = this.#lineOf(challenger.uid);
    line.values = valuesOf(judged, context, tolerance);
    if (verdict === 'again') line.playsAgain = true;
  }

  /** Record of a contender without an opponent: it wins. */
  records(contenders: readonly ScoredContender[]): Map<number, MatchRecord> {
    return new Map(
      contenders.map(({ uid }) => {
        const line = this.#lineOf(uid);
        return [uid, { ...line, winRate: line.matches === 0 ? 1 : line.wins / line.matches }];
      }),
    );
  }

  #count(winner: ScoredContender, loser: ScoredContender): void {
    this.#lineOf(winner.uid).wins += 1;
    for (const { uid } of [winner, loser]) this.#lineOf(uid).matches += 1;
  }

  #lineOf(uid: number): Line {
    const line = this.#lines.get(uid) ?? { wins: 0, matches: 0 };
    this.#lines.set(uid, line);
    return line;
  }
}
