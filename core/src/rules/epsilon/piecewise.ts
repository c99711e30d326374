import { z } from 'zod';
import type { EpsilonDefinition } from '../../contracts/epsilon-function.js';
import { elapsedBlocks, epsilonShare } from './shares.js';

interface Point {
  block: number;
  epsilon: number;
}

const parameters = z.strictObject({
  points: z
    .array(
      z.strictObject({
        block: z.number().int().nonnegative().describe('Blocks since the claim.'),
        epsilon: epsilonShare.describe('Epsilon from there on.'),
      }),
    )
    .min(1)
    .refine((points) => pairs(points).every(([one, next]) => one.block < next.block), 'the blocks must ascend')
    .refine((points) => pairs(points).every(([one, next]) => one.epsilon >= next.epsilon), 'epsilon must not grow')
    .describe('Steps in ascending order of `block`, each { block: blocks since the claim, epsilon }.'),
});

const pairs = (points: readonly Point[]): [Point, Point][] =>
  points.slice(1).flatMap((next, index): [Point, Point][] => {
    const one = points[index];
    return one ? [[one, next]] : [];
  });

/** Steps: the epsilon of the last point that the claim's age has reached; before the first point that of the first. */
export const piecewise: EpsilonDefinition<{ points: Point[] }> = {
  name: 'piecewise',
  version: 1,
  summary: 'An advantage in steps: each point holds from its number of blocks since the claim until the next point.',
  parameters,
  examples: [
    {
      points: [
        { block: 0, epsilon: 0.01 },
        { block: 7200, epsilon: 0.001 },
      ],
    },
  ],
  bind({ points }) {
    const [first] = points;
    return {
      compute: (currentBlock, modelBlock) => {
        const age = elapsedBlocks(currentBlock, modelBlock);
        return (points.findLast(({ block }) => block <= age) ?? first)?.epsilon ?? 0;
      },
      fullyDecayed: points.at(-1)?.epsilon ?? 0,
    };
  },
};
