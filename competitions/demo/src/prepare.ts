import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { directoryHash, secureHash } from '@assay/core/model/directory-hash';
import { MODELS } from './competitions.js';
import type { RepoFiles } from './hostile-repos.js';
import { MINER_HOTKEYS } from './hotkeys.js';
import { MINERS, type DemoMiner } from './miners.js';
import { demoProfile } from './profile.js';

/** Files of a trained model that are not part of what a miner would publish. */
const NOT_PUBLISHED = new Set(['golden.json']);
/** What the library leaves in the folder of such a repo, and so what is hashed. */
const COUNTED = ['config.json', 'generation_config.json', 'model.safetensors'];
const START_BLOCK = 2000;
/** Under this seed the noise of gambler/lucky helps in the first round: 0.03 % better, and still not enough. */
const SEED = 'assay demo 53';
const RAO = 1_000_000_000n;
/** 25 seconds: reveals can be waited for, and a round fits into three tempos, after which missing weights raise an alarm. */
const SHORT_TEMPO = 100;

/** How a network differs from the demo's own. */
interface DemoOptions {
  /** Weights are committed, and revealed by the chain an epoch later. */
  commitReveal?: boolean;
  /** Number of the subnet, and the version key that it takes weights with. */
  netuid?: number;
  weightsVersionKey?: bigint;
  /** Id of the competition that the miners commit to. */
  competition?: number;
  /** Only the repos, for a network whose genesis is kept elsewhere. */
  modelsOnly?: boolean;
}

/**
 * Makes the demo's world: a folder of repos as a hub would hold them, and the genesis of the embedded network with the
 * miners' commitments. Made whole or not at all; what is there already stays.
 */
export async function prepareDemo(folder: string, options: DemoOptions = {}): Promise<void> {
  const target = resolve(folder, 'network');
  if (existsSync(target)) return;
  const draft = `${target}.draft`;
  await rm(draft, { recursive: true, force: true });
  const commitments: { who: number; data: string; block: number }[] = [];
  for (const [index, miner] of MINERS.entries()) {
    const files = await filesOf(miner);
    const revision = createHash('sha1').update(miner.repo).digest('hex');
    await writeRepo(join(draft, 'repos', miner.repo, revision), files);
    const data = commitmentOf(miner, files, { revision, hotkey: MINER_HOTKEYS[index] ?? '' }, options);
    if (data !== undefined) commitments.push({ who: index + 2, data, block: miner.block });
  }
  if (options.modelsOnly !== true)
    await writeFile(join(draft, 'genesis.json'), `${JSON.stringify(genesisOf(commitments, options), null, 2)}\n`);
  await mkdir(dirname(target), { recursive: true });
  await rename(draft, target);
}

async function filesOf(miner: DemoMiner): Promise<RepoFiles> {
  const folder = join(MODELS, miner.model);
  const files: RepoFiles = new Map();
  for (const name of (await readdir(folder)).sort()) {
    if (!NOT_PUBLISHED.has(name)) files.set(name, await readFile(join(folder, name)));
  }
  miner.change?.(files);
  return files;
}

async function writeRepo(folder: string, files: RepoFiles): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, content] of files) await writeFile(join(folder, name), content);
}

function commitmentOf(
  miner: DemoMiner,
  files: RepoFiles,
  { revision, hotkey }: { revision: string; hotkey: string },
  { competition = 1 }: DemoOptions,
): string | undefined {
  if (miner.commits === 'nothing') return undefined;
  if (miner.commits === 'garbled') return 'to whom it may concern: my model is very good';
  const counted = COUNTED.flatMap((path) => {
    const content = files.get(path);
    return content ? [{ path, sha256: createHash('sha256').update(content).digest('hex') }] : [];
  });
  const owner = miner.commits === 'wrong-hash' ? MINER_HOTKEYS[0] : hotkey;
  const hash = secureHash(directoryHash(counted), owner);
  return `${miner.repo.replace('/', ':')}:${revision}:${hash}:${competition}`;
}

function genesisOf(
  commitments: readonly { who: number; data: string; block: number }[],
  { commitReveal = false, netuid = demoProfile.netuid, weightsVersionKey = demoProfile.weightsVersionKey }: DemoOptions,
): Record<string, unknown> {
  const stake = (tokens: bigint): string => (tokens * RAO).toString();
  return {
    netuid,
    seed: SEED,
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
      {
        uid: 0,
        name: 'validator',
        stake: stake(100_000n),
        validatorPermit: true,
        registeredAt: commitReveal ? START_BLOCK : 1,
      },
      { uid: 1, name: 'other-validator', stake: stake(200_000n), validatorPermit: true, registeredAt: 1 },
      ...MINERS.map((_miner, index) => ({
        uid: index + 2,
        derivation: `//miner/${index + 1}`,
        registeredAt: 10 + index,
      })),
    ],
    commitments,
    weights: [{ uid: 1, row: [[2, 65_535]] }],
  };
}
