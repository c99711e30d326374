import { z } from 'zod';
import type { EpsilonDefinition } from '../../contracts/epsilon-function.js';
import { elapsedBlocks, epsilonShare } from './shares.js';

const parameters = z
  .strictObject({
    start: epsilonShare.describe('Epsilon at the block of the claim.'),
    end: epsilonShare.describe('Epsilon that the decay approaches.'),
    halfLife: z.number().positive().describe('Blocks in which the distance to the end halves.'),
  })
  .refine(({ start, end }) => end <= start, { error: 'epsilon must not grow: end is above start', path: ['end'] });

/** end + (start - end) * 2^(-elapsed / halfLife). */
export const exponential: EpsilonDefinition<{ start: number; end: number; halfLife: number }> = {
  name: 'exponential',
  version: 1,
  summary: 'An advantage whose distance to the end halves every halfLife blocks since the claim.',
  parameters,
  examples: [{ start: 0.008, end: 0.001, halfLife: 7200 }],
  bind: ({ start, end, halfLife }) => ({
    compute: (currentBlock, modelBlock) =>
      end + (start - end) * 2 ** (-elapsedBlocks(currentBlock, modelBlock) / halfLife),
    fullyDecayed: end,
  }),
};
