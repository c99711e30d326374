import type { EpsilonFunction } from '../../contracts/epsilon-function.js';

/** A loss, and the block of the claim that it belongs to. */
export interface Claimed {
  loss: number;
  block: number;
  /** By how much it has to be better than earlier ones beside epsilon. */
  margin?: number;
}

/**
 * A loss less a share of its size. A task of which more is better counts as a negative loss, and an advantage makes that
 * one smaller too.
 */
export const reduced = (loss: number, epsilon: number): number =>
  loss < 0 ? (1 + epsilon) * loss : (1 - epsilon) * loss;

/** A loss more by a share of its size: what a model with a margin is taken to have against earlier ones. */
export const raised = (loss: number, margin: number): number => (loss < 0 ? (1 - margin) * loss : (1 + margin) * loss);

/**
 * Does `a` beat `b`? The earlier one's loss is reduced by its epsilon, the later one's raised by its margin where it has one;
 * the comparison is strict, so a tie goes to nobody. Within one block neither has an advantage (taoverse iswin).
 */
export function isWin(a: Claimed, b: Claimed, epsilon: EpsilonFunction, currentBlock: number): boolean {
  const advantaged = ({ loss, block }: Claimed): number => reduced(loss, epsilon.compute(currentBlock, block));
  const disadvantaged = ({ loss, margin = 0 }: Claimed): number => raised(loss, margin);
  if (a.block === b.block) return a.loss < b.loss;
  return a.block < b.block ? advantaged(a) < disadvantaged(b) : disadvantaged(a) < advantaged(b);
}
