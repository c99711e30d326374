import type { ScoredContender } from '../../contracts/match-rule.js';
import type { EpsilonFunction } from '../../contracts/epsilon-function.js';
import { SortedNumbers } from '../../judging/sorted-numbers.js';
import type { Steps } from '../../judging/steps.js';
import { raised, reduced } from './advantage.js';

export interface Tally {
  wins: number;
  matches: number;
}

interface Player extends Tally {
  uid: number;
  block: number;
  losses: readonly number[];
  /** Advantage over later models. */
  epsilon: number;
  /** Disadvantage against earlier models. */
  margin: number;
}

/**
 * Every pair plays one match per loss that both have, as `isWin` decides it. Each loss is a step.
 * @param lossesOf what is compared; the same samples for all
 * @returns by uid
 */
export function* tally(
  contenders: readonly ScoredContender[],
  lossesOf: (one: ScoredContender) => readonly number[],
  epsilon: EpsilonFunction,
  currentBlock: number,
): Steps<Map<number, Tally>> {
  const players = contenders.map((one): Player => {
    const { uid, block, margin = 0 } = one;
    const advantage = epsilon.compute(currentBlock, block);
    return { uid, block, losses: lossesOf(one), epsilon: advantage, margin, wins: 0, matches: 0 };
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
  return new Map(players.map(({ uid, wins, matches }) => [uid, { wins, matches }]));
}

/**
 * The matches of one loss, counted in sorted lists instead of pair by pair: against earlier models the loss, raised by its
 * margin, has to be below theirs with their advantage; against later ones it has its own.
 *
 * @param players in ascending order of blocks
 */
function play(players: readonly Player[], index: number): void {
  const lossOf = ({ losses }: Player): number => losses[index] ?? Number.NaN;
  const reducedLossOf = (player: Player): number => reduced(lossOf(player), player.epsilon);
  const raisedLossOf = (player: Player): number => raised(lossOf(player), player.margin);
  const [earlier, later] = [new SortedNumbers(players.length), new SortedNumbers(players.length)];
  const groups = groupsByBlock(players);
  for (const group of groups) {
    const same = new SortedNumbers(group.length);
    for (const player of group) same.add(lossOf(player));
    for (const player of group) {
      player.matches += players.length - 1;
      player.wins += earlier.countAbove(raisedLossOf(player)) + same.countAbove(lossOf(player));
    }
    for (const player of group) earlier.add(reducedLossOf(player));
  }
  for (const group of groups.reverse()) {
    for (const player of group) player.wins += later.countAbove(reducedLossOf(player));
    for (const player of group) later.add(raisedLossOf(player));
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
