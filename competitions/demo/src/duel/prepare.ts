import { MINER_HOTKEYS } from '../hotkeys.js';
import { genesisOf, makeNetwork } from '../network.js';
import { filesOf, revisionOf, writeRepo } from '../repos.js';
import { CHALLENGERS, COLDKEYS, FIRST_KING, type Challenger } from './challengers.js';

const NETUID = 3;
const VERSION_KEY = 1n;
/** Under this seed the noise of gambler/lucky helps a little. */
const SEED = 'assay duel 10';
/** Characters of either end of the coldkey that a repo is marked with. */
const MARK = 5;

/** Makes the world of the profile duel-demo: a first king, and challengers whose claims are revealed one after the other. */
export async function prepareDuel(folder: string): Promise<void> {
  await makeNetwork(folder, async (repos) => {
    await writeRepo(repos, FIRST_KING.repo, await filesOf(FIRST_KING));
    const revealed: { who: number; data: string; block: number }[] = [];
    for (const [index, challenger] of CHALLENGERS.entries()) {
      await writeRepo(repos, repoOf(challenger, index), await filesOf(challenger));
      revealed.push({ who: index + 2, data: claimOf(challenger, index), block: challenger.block });
    }
    const network = { netuid: NETUID, weightsVersionKey: VERSION_KEY, seed: SEED, miners: CHALLENGERS.length };
    return { ...genesisOf(network), revealed };
  });
}

function repoOf({ repo, isUnmarked = false }: Challenger, index: number): string {
  const coldkey = COLDKEYS[index] ?? '';
  return isUnmarked ? repo : `${repo}-${coldkey.slice(0, MARK)}${coldkey.slice(-MARK)}`;
}

function claimOf(challenger: Challenger, index: number): string {
  const repo = repoOf(challenger, index);
  if (challenger.claims === 'garbled') return 'to whom it may concern: my model is very good';
  const best = CHALLENGERS.findIndex(({ model }) => model === challenger.model);
  const original = CHALLENGERS[best];
  const named = challenger.claims === 'the best' && original ? repoOf(original, best) : repo;
  return `v4|${repo}|hf:${revisionOf(named)}|${MINER_HOTKEYS[index] ?? ''}`;
}
