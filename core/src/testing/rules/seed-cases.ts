import type { SeededRound, SeedRule } from '../../contracts/seed-rule.js';
import { demand } from '../checks.js';
import { NOW } from './worlds.js';

type Case = (rule: SeedRule) => void;

const HASHES = ['a', 'b', 'c'].map((digit) => `0x${digit.repeat(64)}`);
const ROUND: SeededRound = {
  block: NOW,
  contenders: [
    { hotkey: 'hotkey-1', block: NOW - 900 },
    { hotkey: 'hotkey-2', block: NOW - 100 },
  ],
  incumbents: ['hotkey-1'],
  repetition: 1,
};
const ROUNDS: readonly SeededRound[] = [ROUND, { ...ROUND, incumbents: [] }, { ...ROUND, contenders: [] }];

/** What every seed rule has to do. */
export const SEED_CASES: Readonly<Record<string, Case>> = {
  'takes a block that the chain has': (rule) => {
    for (const round of ROUNDS) {
      const block = rule.blockOf(round);
      demand(Number.isSafeInteger(block) && block >= 0 && block <= round.block, `block ${block} at ${round.block}`);
    }
  },
  'gives an integer from 0, the same one twice': (rule) => {
    for (const round of ROUNDS)
      for (const hash of HASHES) {
        const seed = rule.seedOf(hash, round);
        demand(seed >= 0n, `the seed is ${seed}`);
        demand(rule.seedOf(hash, round) === seed, 'the second time it is another');
      }
  },
  'differs where the hash differs': (rule) => {
    const seeds = new Set(HASHES.map((hash) => rule.seedOf(hash, ROUND)));
    demand(seeds.size === HASHES.length, 'two block hashes give one seed');
  },
};
