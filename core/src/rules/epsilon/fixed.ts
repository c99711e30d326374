import { z } from 'zod';
import type { EpsilonDefinition } from '../../contracts/epsilon-function.js';
import { epsilonShare } from './shares.js';

/** The same advantage at every block. */
export const fixed: EpsilonDefinition<{ epsilon: number }> = {
  name: 'fixed',
  version: 1,
  summary: 'The same advantage of the earlier model at every block.',
  parameters: z.strictObject({ epsilon: epsilonShare.describe('Share of the earlier loss.') }),
  examples: [{ epsilon: 0.005 }],
  bind: ({ epsilon }) => ({ compute: () => epsilon, fullyDecayed: epsilon }),
};
