import { z } from 'zod';
import type { MergeRule } from '../../contracts/merge-rule.js';
import type { Rule } from '../../contracts/rule.js';
import { distribution32 } from '../../judging/moving-average.js';

/** Sum over competitions of share * standing, in float32 as the reference adds them. */
export const byShare: Rule<MergeRule, { threshold: number }> = {
  name: 'by-share',
  version: 1,
  summary: 'Adds the standings of all competitions, each by its share of the subnet.',
  parameters: z.strictObject({
    threshold: z
      .number()
      .min(0)
      .lt(1)
      .default(0)
      .describe('Shares of a competition below it count as nothing, and the rest as all of it.'),
  }),
  examples: [{}, { threshold: 0.18 }],
  bind: ({ threshold }) => ({
    takesTheRest: false,
    apply: (weights, { standings, schedule }) => {
      const merged = [...weights];
      for (const { id, share } of schedule) {
        const standing = counted(standings.get(id) ?? [], threshold);
        for (let uid = 0; uid < merged.length; uid += 1) {
          merged[uid] = Math.fround((merged[uid] ?? 0) + Math.fround((standing[uid] ?? 0) * Math.fround(share)));
        }
      }
      return merged;
    },
  }),
};

const counted = (standing: readonly number[], threshold: number): readonly number[] =>
  threshold > 0 ? distribution32(standing.map((share) => (share < threshold ? 0 : share))) : standing;
