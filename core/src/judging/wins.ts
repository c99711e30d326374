import type { EpsilonFunction } from '../contracts/epsilon-function.js';
import type { Contestant } from './competitiveness.js';
import { SortedNumbers } from './sorted-numbers.js';
import { finish, type Steps } from './steps.js';

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
  return finish(winsByMeanLossInSteps(contestants, epsilon, currentBlock));
}

export const winsByMeanLossInSteps = (
  contestants: readonly Contestant[],
  epsilon: EpsilonFunction,
  currentBlock: number,
): Steps<Map<number, WinRecord>> => tally(contestants, ({ loss }) => [loss], epsilon, currentBlock);

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
  return finish(winsBySequenceInSteps(contestants, epsilon, currentBlock));
}

export const winsBySequenceInSteps = (
  contestants: readonly SequenceContestant[],
  epsilon: EpsilonFunction,
  currentBlock: number,
): Steps<Map<number, WinRecord>> => tally(contestants, ({ sequenceLosses }) => sequenceLosses, epsilon, currentBlock);

interface Player {
  uid: number;
  block: number;
  losses: readonly number[];
  /** Factor of its loss against later models. */
  advantage: number;
  wins: number;
  matches: number;
}

/** Every pair plays one match per loss that both have. Each loss is a step. */
function* tally<T extends Contestant>(
  contestants: readonly T[],
  lossesOf: (one: T) => readonly number[],
  epsilon: EpsilonFunction,
  currentBlock: number,
): Steps<Map<number, WinRecord>> {
  const players = contestants.map((one): Player => {
    const { uid, block } = one;
    const advantage = 1 - epsilon.compute(currentBlock, block);
    return { uid, block, losses: lossesOf(one), advantage, wins: 0, matches: 0 };
  });
  const byBlock = [...players].sort((a, b) => a.block - b.block);
  const longest = players.reduce((length, { losses }) => Math.max(length, losses.length), 0);
  for (let index = 0; index < longest; index += 1) {
    play(
      byBlock.filter(({ losses }) => losses.length > index),
      index,
    );
    yield;
  }
  const rivals = players.length - 1;
  return new Map(players.map(({ uid, wins, matches }) => [uid, { wins, winRate: winRate(wins, matches, rivals) }]));
}

/**
 * The matches of one loss, each as `isWin` decides it, counted in sorted lists instead of pair by pair: against earlier
 * models the loss has to be below theirs with their advantage, against later ones it has its own.
 *
 * @param players in ascending order of blocks
 */
function play(players: readonly Player[], index: number): void {
  const lossOf = ({ losses }: Player): number => losses[index] ?? Number.NaN;
  const reducedLossOf = (player: Player): number => player.advantage * lossOf(player);
  const [earlier, later] = [new SortedNumbers(players.length), new SortedNumbers(players.length)];
  const groups = groupsByBlock(players);
  for (const group of groups) {
    const same = new SortedNumbers(group.length);
    for (const player of group) same.add(lossOf(player));
    for (const player of group) {
      player.matches += players.length - 1;
      player.wins += earlier.countAbove(lossOf(player)) + same.countAbove(lossOf(player));
    }
    for (const player of group) earlier.add(reducedLossOf(player));
  }
  for (const group of groups.reverse()) {
    for (const player of group) player.wins += later.countAbove(reducedLossOf(player));
    for (const player of group) later.add(lossOf(player));
  }
}

function groupsByBlock(players: readonly Player[]): Player[][] {
  const groups: Player[][] = [];
  for (const player of players) {
    const group = groups.at(-1);
    if (group?.[0]?.block === player.block) group.push(player);
    else groups.push([player]);
  }
  return groups;
}

function winRate(wins: number, matches: number, rivals: number): number {
  if (rivals === 0) return 1;
  return matches > 0 ? wins / matches : 0;
}
