import { z } from 'zod';
import type { MatchRule } from '../../contracts/match-rule.js';
import { ownerText } from '../../contracts/standing-rule.js';
import type { Rule } from '../../contracts/rule.js';
import { reduced } from './advantage.js';
import { everyPair } from './pairs.js';

/** The bar of every rule that compares losses by epsilon. */
export const barByEpsilon: MatchRule['bar'] = (incumbent, { epsilon, block }) => {
  const advantage = epsilon.compute(block, incumbent.block);
  return {
    score: reduced(incumbent.score, advantage),
    about: `${(advantage * 100).toFixed(3)} % below the score of ${ownerText(incumbent.uid)}`,
  };
};

/** One match for each pair, of their scores: what the deployed reference does. */
export const meanLoss: Rule<MatchRule, object> = {
  name: 'mean-loss',
  version: 1,
  summary: 'One match for each pair: the later model wins where its score is below the earlier one less epsilon.',
  parameters: z.strictObject({}),
  examples: [{}],
  bind: () => ({
    columns: [],
    play: (contenders, context) => everyPair(contenders, context, ({ score }) => [score]),
    bar: barByEpsilon,
    samplesNeeded: (total) => total,
  }),
};
