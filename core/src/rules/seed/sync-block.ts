import { z } from 'zod';
import type { Rule } from '../../contracts/rule.js';
import type { SeedRule } from '../../contracts/seed-rule.js';
import { syncBlockOf, syncBlockSeed } from '../../sampling/sync-block.js';

/** The hash of the newest block that the cadence divides: all rounds between two of them draw the same samples. */
export const syncBlock: Rule<SeedRule, { cadence: number }> = {
  name: 'sync-block',
  version: 1,
  summary: 'The seed comes from the hash of the newest block that the cadence divides.',
  parameters: z.strictObject({ cadence: z.number().int().positive().describe('Blocks between two seeds.') }),
  examples: [{ cadence: 140 }],
  bind: ({ cadence }) => ({ blockOf: ({ block }) => syncBlockOf(block, cadence), seedOf: syncBlockSeed }),
};
