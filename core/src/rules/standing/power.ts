import { z } from 'zod';
import type { Rule } from '../../contracts/rule.js';
import type { StandingRule } from '../../contracts/standing-rule.js';
import { movingAverage, type AverageState } from './average.js';
import { alphaParameter } from './softmax-average.js';

/** Each contender's share of a round is its win rate to a power, divided by the sum. */
export const power: Rule<StandingRule<AverageState>, { exponent: number; alpha: number }> = {
  name: 'power',
  version: 1,
  summary: 'Shares of a round are win rates to a power; with alpha, averaged over the rounds.',
  parameters: z.strictObject({
    exponent: z.number().positive().describe('Of the win rate: above 1 the best get more.'),
    alpha: alphaParameter.default(0),
  }),
  examples: [{ exponent: 1.2 }, { exponent: 2, alpha: 0.9 }],
  bind: ({ exponent, alpha }) =>
    movingAverage(alpha, (scored) => scored.map(({ record }) => (record?.winRate ?? 0) ** exponent)),
};
