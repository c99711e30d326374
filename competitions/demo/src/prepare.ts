import { createHash } from 'node:crypto';
import { directoryHash, secureHash } from '@assay/core/model/directory-hash';
import type { RepoFiles } from './hostile-repos.js';
import { MINER_HOTKEYS } from './hotkeys.js';
import { MINERS, type DemoMiner } from './miners.js';
import { genesisOf, makeNetwork } from './network.js';
import { demoProfile } from './profile.js';
import { filesOf, revisionOf, writeRepo } from './repos.js';

/** What the library leaves in the folder of such a repo, and so what is hashed. */
const COUNTED = ['config.json', 'generation_config.json', 'model.safetensors'];
/** Under this seed the noise of gambler/lucky helps in the first round: 0.03 % better, and still not enough. */
const SEED = 'assay demo 53';

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

/** Makes the demo's world: the repos of its miners, and the genesis of the embedded network with their commitments. */
export async function prepareDemo(folder: string, options: DemoOptions = {}): Promise<void> {
  const { commitReveal = false, modelsOnly = false, competition = 1 } = options;
  const { netuid = demoProfile.netuid, weightsVersionKey = demoProfile.weightsVersionKey } = options;
  await makeNetwork(folder, async (repos) => {
    const commitments: { who: number; data: string; block: number }[] = [];
    for (const [index, miner] of MINERS.entries()) {
      const files = await filesOf(miner);
      await writeRepo(repos, miner.repo, files);
      const data = commitmentOf(miner, files, MINER_HOTKEYS[index] ?? '', competition);
      if (data !== undefined) commitments.push({ who: index + 2, data, block: miner.block });
    }
    if (modelsOnly) return undefined;
    const network = { netuid, weightsVersionKey, seed: SEED, miners: MINERS.length, commitReveal };
    return { ...genesisOf(network), commitments };
  });
}

function commitmentOf(miner: DemoMiner, files: RepoFiles, hotkey: string, competition: number): string | undefined {
  if (miner.commits === 'nothing') return undefined;
  if (miner.commits === 'garbled') return 'to whom it may concern: my model is very good';
  const counted = COUNTED.flatMap((path) => {
    const content = files.get(path);
    return content ? [{ path, sha256: createHash('sha256').update(content).digest('hex') }] : [];
  });
  const owner = miner.commits === 'wrong-hash' ? MINER_HOTKEYS[0] : hotkey;
  const hash = secureHash(directoryHash(counted), owner);
  return `${miner.repo.replace('/', ':')}:${revisionOf(miner.repo)}:${hash}:${competition}`;
}
