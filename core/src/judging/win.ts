import type { EpsilonFunction } from '../contracts/epsilon-function.js';

/** A loss and the block of the commitment that it belongs to. */
export interface Claim {
  loss: number;
  block: number;
}

/**
 * Does `a` beat `b`? The earlier one's loss is reduced by its epsilon; strict, so a tie goes to nobody. Within one block
 * neither has an advantage (taoverse iswin).
 */
export function isWin(a: Claim, b: Claim, epsilon: EpsilonFunction, currentBlock: number): boolean {
  const advantage = (claim: Claim): number => (1 - epsilon.compute(currentBlock, claim.block)) * claim.loss;
  const lossOfA = a.block < b.block ? advantage(a) : a.loss;
  const lossOfB = b.block < a.block ? advantage(b) : b.loss;
  return lossOfA < lossOfB;
}
