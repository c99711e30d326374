import { withNaN, type RepoChange } from '../hostile-repos.js';

/** The model that reigns before anybody has won: the profile duel-demo names it. */
export const FIRST_KING = { repo: 'genesis/llama-250', model: 'llama-250steps' };

/** A miner who challenges the king. */
export interface Challenger {
  /** Namespace and name; the mark of the owner is added to the name. */
  repo: string;
  /** A folder of assets/models. */
  model: string;
  /** Block at which the claim is revealed: its place in the queue. */
  block: number;
  /** What the miner does to the files. */
  change?: RepoChange;
  /** The repo has no mark of its owner in its name. */
  isUnmarked?: boolean;
  /** What is claimed in place of an own repo. */
  claims?: 'garbled' | 'the best';
  /** For readers of the table. */
  story: string;
}

/** The first entry is //miner/1. */
export const CHALLENGERS: readonly Challenger[] = [
  { repo: 'early/llama-60', model: 'llama-60steps', block: 1000, story: 'hopeless: stopped after a third' },
  { repo: 'honest/llama-900', model: 'llama-900steps', block: 1100, story: 'better: reigns' },
  { repo: 'qwens/qwen2-1300', model: 'qwen2-1300steps', block: 1150, story: 'of another shape than the king' },
  { repo: 'honest/llama-2000', model: 'llama-2000steps', block: 1200, story: 'better still: reigns' },
  { repo: 'copycat/mine', model: 'llama-2000-copy', block: 1250, story: 'an exact copy of the king' },
  {
    repo: 'gambler/lucky',
    model: 'llama-2000-noised',
    block: 1300,
    story: 'noise that helps a little: within the margin',
  },
  { repo: 'chaos/nan', model: 'llama-900steps', block: 1350, change: withNaN, story: 'a NaN among the weights' },
  {
    repo: 'thief/not-mine',
    model: 'llama-2000-noised-more',
    block: 1400,
    isUnmarked: true,
    story: 'no mark of its owner',
  },
  {
    repo: 'thief/the-best',
    model: 'llama-2000steps',
    block: 1450,
    claims: 'the best',
    story: 'claims what was claimed',
  },
  { repo: 'chaos/garbled', model: 'llama-60steps', block: 1500, claims: 'garbled', story: 'reveals no claim' },
];

/** ss58 addresses of //miner/1//coldkey and so on below Substrate's public development phrase. */
export const COLDKEYS = [
  '5HTdHQ55Jubi91RjRVAaAh4GxvLLCQ4ae6R9SenPtpBUWhvX',
  '5GcF295QwAHWUqePzG63e3Xax35AXW1dVLX99NFBdvULC8PK',
  '5CacRMPi8j1amgd53NhgH5mDqUT77kEJP7S35zvsk4KSG6iU',
  '5GzuKD85XBQDyJudJBHRnRCd2niKgrHnAU3xoD87pcY3A8MG',
  '5DebY118Qe8b7wAPVYEr2dEsoXcPTtopL5bSBub8BaDpysFx',
  '5DLBn9BdQQ6RrKY6QvD71Xm2dn1Lb9LbXApMxiSPH9aB5iDS',
  '5GRCzvgJJrJkBxknGQyJvQpZEobGQnRWqhuf2YjA3wUpBfEP',
  '5Gx1xkYb4eW3Fbi4ntqE2nRdka54gjPVAhASERnuXAeRVUNA',
  '5D5NUzVnFu23wJeRcqiAByjFKNKf3pA23RWbBPCqvR18NNdB',
  '5DNshKZJ1iFMvGmjTZkRoNQy9X2eM2mbwQLD2QRga3nCEg9N',
] as const;
