import type { EpsilonFunction } from '../../contracts/epsilon-function.js';

/** A loss, and the block of the claim that it belongs to. */
export interface Claimed {
  loss: number;
  block: number;
}

/**
 * A loss less a share of its size. A task of which more is better counts as a negative loss, and an advantage makes that
 * one smaller too.
 */
export const reduced = (loss: number, epsilon: number): number =>
  loss < 0 ? (1 + epsilon) * loss : (1 - epsilon) * loss;

/**
 * Does `a` beat `b`? The earlier one's loss is reduced by its epsilon; the comparison is strict, so a tie goes to nobody.
 * Within one block neither has an advantage (taoverse iswin).
 */
export function isWin(a: Claimed, b: Claimed, epsilon: EpsilonFunction, currentBlock: number): boolean {
  const advantaged = ({ loss, block }: Claimed): number => reduced(loss, epsilon.compute(currentBlock, block));
  const lossOfA = a.block < b.block ? advantaged(a) : a.loss;
  const lossOfB = b.block < a.block ? advantaged(b) : b.loss;
  return lossOfA < lossOfB;
}
