import type { Rule } from '@assay/core/contracts/rule';
import type { SeededRound, SeedRule } from '@assay/core/contracts/seed-rule';
import { textSeed } from '@assay/lib-numpy-random';
import { z } from 'zod';
import { pythonStrip } from '../python-strip.js';

const BASE = 0xe1a;

const parameters = z.strictObject({
  base: z.number().int().nonnegative().default(BASE).describe('Number of the subnet that goes into every seed.'),
});

/** The hash of the block in which the challenger's claim was revealed, its hotkey, and a number of the subnet. */
export const challenge: Rule<SeedRule, z.infer<typeof parameters>> = {
  name: 'challenge',
  version: 1,
  summary: "The seed comes from the hash of the block of the challenger's claim, its hotkey and a number.",
  parameters,
  examples: [{}, { base: 7 }],
  bind: ({ base }) => ({
    blockOf: (round) => Math.min(round.block, challengerOf(round)?.block ?? round.block),
    seedOf: (blockHash, round) => {
      const material = seedMaterial({ blockHash, hotkey: challengerOf(round)?.hotkey ?? '', base });
      return textSeed(round.repetition > 1 ? `${material}|round=${round.repetition}` : material);
    },
  }),
};

/** Of several challengers the one of the newest claim: its block was known to none of them when they claimed. */
function challengerOf({ contenders, incumbents }: SeededRound): SeededRound['contenders'][number] | undefined {
  const challengers = contenders.filter(({ hotkey }) => hotkey !== incumbents[0]);
  return (challengers.length > 0 ? challengers : contenders).at(-1);
}

/** What a seed is the hash of. Without a hash of a block (`default` stands for none) it is the subnet's number only. */
export function seedMaterial(from: { blockHash: string; hotkey: string; base: number }): string {
  const [hash, hotkey] = [pythonStrip(from.blockHash), pythonStrip(from.hotkey)];
  const number = `base_seed=${from.base}`;
  return hash === '' || hash === 'default' ? number : `block_hash=${hash}|hotkey=${hotkey}|${number}`;
}
