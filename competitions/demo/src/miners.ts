import {
  overParameterLimit,
  withChangedTheta,
  withLyingHeader,
  withNaN,
  withPickleOnly,
  type RepoChange,
} from './hostile-repos.js';

/** A miner of the demo: what it publishes and when it commits. */
export interface DemoMiner {
  repo: string;
  /** A folder of assets/models. */
  model: string;
  /** Block of the commitment. */
  block: number;
  /** What the miner does to the files. */
  change?: RepoChange;
  /** What stands on chain instead of an honest commitment. */
  commits?: 'garbled' | 'wrong-hash' | 'nothing';
  /** For readers of the table. */
  story: string;
}

/** The first entry is //miner/1. */
export const MINERS: readonly DemoMiner[] = [
  { repo: 'honest/llama-2000', model: 'llama-2000steps', block: 1000, story: 'the best model, and its first owner' },
  { repo: 'copycat/mine', model: 'llama-2000-copy', block: 1100, story: 'its exact copy' },
  { repo: 'shuffler/original', model: 'llama-2000-reordered', block: 1150, story: 'its tensors in another order' },
  {
    repo: 'gambler/lucky',
    model: 'llama-2000-noised-lucky',
    block: 1200,
    story: 'noise that happens to help a little',
  },
  { repo: 'gambler/noise', model: 'llama-2000-noised', block: 1210, story: 'noise' },
  { repo: 'gambler/more-noise', model: 'llama-2000-noised-more', block: 1220, story: 'more noise' },
  { repo: 'qwens/qwen2-1300', model: 'qwen2-1300steps', block: 900, story: 'a good model of another architecture' },
  { repo: 'honest/llama-900', model: 'llama-900steps', block: 600, story: 'trained for half as long' },
  { repo: 'classics/gpt2', model: 'gpt2-1300steps', block: 700, story: 'a GPT-2' },
  { repo: 'winds/mistral', model: 'mistral-450steps', block: 650, story: 'a Mistral' },
  { repo: 'honest/llama-250', model: 'llama-250steps', block: 500, story: 'hardly trained' },
  { repo: 'honest/llama-60', model: 'llama-60steps', block: 450, story: 'generates nothing sensible' },
  {
    repo: 'chaos/garbled',
    model: 'llama-60steps',
    block: 1300,
    commits: 'garbled',
    story: 'a commitment that nobody can read',
  },
  {
    repo: 'chaos/pickle',
    model: 'llama-60steps',
    block: 1310,
    change: withPickleOnly,
    story: 'only a pickle, never opened',
  },
  {
    repo: 'thief/not-mine',
    model: 'llama-2000steps',
    block: 1320,
    commits: 'wrong-hash',
    story: "another miner's hash",
  },
  { repo: 'chaos/nan', model: 'llama-900steps', block: 1330, change: withNaN, story: 'a NaN among the weights' },
  {
    repo: 'chaos/too-large',
    model: 'llama-2000steps',
    block: 1340,
    change: overParameterLimit,
    story: 'over the parameter limit',
  },
  {
    repo: 'chaos/liar',
    model: 'llama-2000steps',
    block: 1350,
    change: withLyingHeader,
    story: 'a header that lies about its tensors',
  },
  {
    repo: 'chaos/theta',
    model: 'llama-2000steps',
    block: 1360,
    change: withChangedTheta,
    story: 'the best tensors under another rope_theta',
  },
  { repo: 'patient/newcomer', model: 'llama-900steps', block: 1980, story: 'committed a moment ago: rests' },
  {
    repo: 'idle/nobody',
    model: 'llama-60steps',
    block: 0,
    commits: 'nothing',
    story: 'registered, but has committed nothing',
  },
];
