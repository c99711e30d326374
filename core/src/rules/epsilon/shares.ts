import { z } from 'zod';

/** An epsilon: a share of the earlier model's loss, at least 0 and below 1. */
export const epsilonShare = z.number().min(0).lt(1);

/** Blocks since the earlier model's claim. */
export const elapsedBlocks = (currentBlock: number, modelBlock: number): number =>
  Math.max(currentBlock - modelBlock, 0);
