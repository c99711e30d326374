import { z } from 'zod';
import type { MergeRule } from '../../contracts/merge-rule.js';
import type { Rule } from '../../contracts/rule.js';

/** Weights below the threshold are dropped; the rest is scaled up to what all of them were together. */
export const floor: Rule<MergeRule, { threshold: number }> = {
  name: 'floor',
  version: 1,
  summary: 'Drops weights below a threshold and gives theirs to the others in proportion.',
  parameters: z.strictObject({
    threshold: z.number().min(0).max(1).describe('Share of all weights so far below which one is dropped.'),
  }),
  examples: [{ threshold: 0.05 }],
  bind: ({ threshold }) => ({
    takesTheRest: false,
    apply: (weights) => {
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const kept = weights.map((weight) => (weight < threshold * total ? 0 : weight));
      const left = kept.reduce((sum, weight) => sum + weight, 0);
      return left > 0 ? kept.map((weight) => (weight / left) * total) : kept;
    },
  }),
};
