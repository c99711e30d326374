import { z } from 'zod';
import type { Evaluator } from '@assay/core/contracts/evaluator';
import { choiceOf, type Choice } from '@assay/core/plugin/choice';
import { definePlugin, type PluginDeps } from '@assay/core/plugin/plugin';
import { EvaluatorPool } from './evaluator-pool.js';

const options = z.strictObject({
  of: z
    .array(choiceOf('evaluator'))
    .min(1)
    .describe('The evaluators, one for each device; all have to compute in the same way.'),
});

export default definePlugin({
  apiVersion: 1,
  name: 'pool',
  provides: {
    evaluator: {
      options,
      // Each member is closed by the one that has made it.
      create: async ({ of }: { of: Choice[] }, { make, clock, log }: PluginDeps): Promise<Evaluator> => {
        const parts: { name: string; evaluator: Evaluator }[] = [];
        for (const [index, choice] of of.entries())
          parts.push({ name: `${index + 1} (${choice.use})`, evaluator: await make('evaluator', choice) });
        return new EvaluatorPool(parts, { clock, log });
      },
    },
  },
});
