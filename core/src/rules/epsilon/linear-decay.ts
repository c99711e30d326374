import { z } from 'zod';
import type { EpsilonDefinition } from '../../contracts/epsilon-function.js';
import { elapsedBlocks, epsilonShare } from './shares.js';

const parameters = z
  .strictObject({
    start: epsilonShare.describe('Epsilon at the block of the claim.'),
    end: epsilonShare.describe('Epsilon once the decay is complete.'),
    blocks: z.number().int().positive().describe('Blocks until the decay is complete.'),
  })
  .refine(({ start, end }) => end <= start, { error: 'epsilon must not grow: end is above start', path: ['end'] });

/**
 * start - min(elapsed / blocks, 1) * (start - end), in doubles and in this order of operations (taoverse LinearDecay).
 */
export const linearDecay: EpsilonDefinition<{ start: number; end: number; blocks: number }> = {
  name: 'linear-decay',
  version: 1,
  summary: 'An advantage that falls in a straight line from start to end, over a number of blocks since the claim.',
  parameters,
  examples: [{ start: 0.005, end: 0.0005, blocks: 50_400 }],
  bind({ start, end, blocks }) {
    const compute = (currentBlock: number, modelBlock: number): number =>
      start - Math.min(elapsedBlocks(currentBlock, modelBlock) / blocks, 1) * (start - end);
    return { compute, fullyDecayed: compute(Number.POSITIVE_INFINITY, 0) };
  },
};
