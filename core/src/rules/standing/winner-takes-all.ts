import { z } from 'zod';
import type { Rule } from '../../contracts/rule.js';
import type { StandingRule } from '../../contracts/standing-rule.js';
import { movingAverage, type AverageState } from './average.js';
import { alphaParameter } from './softmax-average.js';

/** The winner of a round gets all of its weight. */
export const winnerTakesAll: Rule<StandingRule<AverageState>, { alpha: number }> = {
  name: 'winner-takes-all',
  version: 1,
  summary: 'The winner of a round gets all of its weight; with alpha, averaged over the rounds.',
  parameters: z.strictObject({ alpha: alphaParameter.default(0) }),
  examples: [{}, { alpha: 0.8 }],
  bind: ({ alpha }) => movingAverage(alpha, (scored, winner) => scored.map(({ uid }) => (uid === winner ? 1 : 0))),
};
