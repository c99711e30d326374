import { z } from 'zod';
import type { Rule } from '../../contracts/rule.js';
import type { StandingRule } from '../../contracts/standing-rule.js';
import { softmax32 } from '../../judging/softmax.js';
import { movingAverage, type AverageState } from './average.js';

/** Weight of the old average. */
export const alphaParameter = z.number().min(0).lt(1).describe('Weight of the average before the round.');

/** Softmax over the win rates of all that have a score, averaged over rounds; who did not play counts as 0. */
export const softmaxAverage: Rule<StandingRule<AverageState>, { temperature: number; alpha: number }> = {
  name: 'softmax-average',
  version: 1,
  summary: 'Softmax over win rates, averaged over the rounds.',
  parameters: z.strictObject({
    temperature: z.number().positive().describe('Of the softmax: the smaller, the more the winner gets.'),
    alpha: alphaParameter,
  }),
  examples: [{ temperature: 0.01, alpha: 0.5 }],
  bind: ({ temperature, alpha }) =>
    movingAverage(alpha, (scored) =>
      softmax32(
        scored.map(({ record }) => record?.winRate ?? 0),
        temperature,
      ),
    ),
};
