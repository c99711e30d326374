import { z } from 'zod';
import type { EntrantsRule } from '../../contracts/entrants-rule.js';
import type { Rule } from '../../contracts/rule.js';
import { modelsToKeep } from './keep.js';
import { shouldRetry } from './retry.js';

const parameters = z.strictObject({
  count: z.number().int().positive().describe('Models that are kept for the next round.'),
  threshold: z.number().min(0).max(1).describe('Share of the competition from which a model is kept first.'),
});

/** Everybody who waits plays; those who hold weight or win most are kept, and the others come again as the preset has it. */
export const pool: Rule<EntrantsRule<null>, z.infer<typeof parameters>> = {
  name: 'pool',
  version: 1,
  summary:
    'Everybody with a new model plays against the models that were kept; a judged one comes again once it could win.',
  parameters,
  examples: [{ count: 5, threshold: 0.001 }],
  bind: ({ count, threshold }) => ({
    state: z.null(),
    select: (_state, waiting) => waiting.map(({ hotkey }) => hotkey),
    again: shouldRetry,
    next: (_state, { contenders, shares }) => {
      const rivals = contenders.flatMap(({ uid, record }) =>
        record ? [{ uid, winRate: record.winRate, averageWeight: shares[uid] ?? 0 }] : [],
      );
      const scored = contenders.flatMap(({ uid, score }) => (score === null ? [] : [{ uid, score }]));
      return { state: null, keep: modelsToKeep(rivals, scored, { count, threshold }) };
    },
  }),
};
