import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

const RAO = 1_000_000_000n;
const START_BLOCK = 2000;
/** 25 seconds: reveals can be waited for, and a round fits into three tempos, after which missing weights raise an alarm. */
const SHORT_TEMPO = 100;

/** How a network differs from others of the demo. */
interface NetworkOptions {
  netuid: number;
  weightsVersionKey: bigint;
  /** Block hashes come from it. */
  seed: string;
  /** Miners are //miner/1 and so on, from uid 2 on. */
  miners: number;
  /** Weights are committed, and revealed by the chain an epoch later. */
  commitReveal?: boolean;
}

/** A genesis of the embedded network with two validators, miners, and nothing committed. */
export function genesisOf(options: NetworkOptions): Record<string, unknown> {
  const { netuid, weightsVersionKey, seed, miners, commitReveal = false } = options;
  const stake = (tokens: bigint): string => (tokens * RAO).toString();
  const registeredAt = commitReveal ? START_BLOCK : 1;
  return {
    netuid,
    seed,
    startBlock: START_BLOCK,
    blockTime: 0.25,
    hyperparameters: {
      tempo: 360,
      weightsRateLimit: 10,
      weightsVersionKey: weightsVersionKey.toString(),
      minAllowedWeights: 1,
      maxUids: 64,
      stakeThreshold: stake(1000n),
      ...(commitReveal && { commitRevealEnabled: true, tempo: SHORT_TEMPO }),
    },
    neurons: [
      { uid: 0, name: 'validator', stake: stake(100_000n), validatorPermit: true, registeredAt },
      { uid: 1, name: 'other-validator', stake: stake(200_000n), validatorPermit: true, registeredAt: 1 },
      ...Array.from({ length: miners }, (_none, index) => ({
        uid: index + 2,
        derivation: `//miner/${index + 1}`,
        registeredAt: 10 + index,
      })),
    ],
    weights: [{ uid: 1, row: [[2, 65_535]] }],
  };
}

/**
 * Makes FOLDER/network: a folder of repos as a hub would hold them, and the genesis beside it. Made whole or not at all; what
 * is there already stays.
 * @param write fills the folder of repos and returns the genesis, if there is to be one
 */
export async function makeNetwork(
  folder: string,
  write: (repos: string) => Promise<Record<string, unknown> | undefined>,
): Promise<void> {
  const target = resolve(folder, 'network');
  if (existsSync(target)) return;
  const draft = `${target}.draft`;
  await rm(draft, { recursive: true, force: true });
  const genesis = await write(join(draft, 'repos'));
  if (genesis) await writeFile(join(draft, 'genesis.json'), `${JSON.stringify(genesis, null, 2)}\n`);
  await mkdir(dirname(target), { recursive: true });
  await rename(draft, target);
}
