import type { EpsilonFunction } from '../contracts/epsilon-function.js';
import type { Contestant } from './competitiveness.js';
import { isWin } from './win.js';

export interface WinRecord {
  wins: number;
  /** wins / matches; 1 for whoever has nobody to play against, 0 where there were rivals and no match. */
  winRate: number;
}

/** One match per pair, of mean losses: what the deployed code does. In the given order. */
export function winsByMeanLoss(
  contestants: readonly Contestant[],
  epsilon: EpsilonFunction,
  currentBlock: number,
): Map<number, WinRecord> {
  return tally(contestants, (one, other) => [isWin(one, other, epsilon, currentBlock) ? 1 : 0, 1]);
}

export interface SequenceContestant extends Contestant {
  /** Loss of each sequence; the same sequences for all. */
  sequenceLosses: readonly number[];
}

/** One match per pair and sequence: what the mechanism's first description says. In the given order. */
export function winsBySequence(
  contestants: readonly SequenceContestant[],
  epsilon: EpsilonFunction,
  currentBlock: number,
): Map<number, WinRecord> {
  return tally(contestants, (one, other) => {
    const matches = Math.min(one.sequenceLosses.length, other.sequenceLosses.length);
    let wins = 0;
    for (let sequence = 0; sequence < matches; sequence += 1) {
      const a = { block: one.block, loss: one.sequenceLosses[sequence] ?? Number.NaN };
      const b = { block: other.block, loss: other.sequenceLosses[sequence] ?? Number.NaN };
      if (isWin(a, b, epsilon, currentBlock)) wins += 1;
    }
    return [wins, matches];
  });
}

function tally<T extends Contestant>(
  contestants: readonly T[],
  play: (one: T, other: T) => [wins: number, matches: number],
): Map<number, WinRecord> {
  const records = contestants.map((one): [number, WinRecord] => {
    let wins = 0;
    let matches = 0;
    for (const other of contestants) {
      if (other === one) continue;
      const [won, played] = play(one, other);
      wins += won;
      matches += played;
    }
    return [one.uid, { wins, winRate: winRate(wins, matches, contestants.length - 1) }];
  });
  return new Map(records);
}

function winRate(wins: number, matches: number, rivals: number): number {
  if (rivals === 0) return 1;
  return matches > 0 ? wins / matches : 0;
}
