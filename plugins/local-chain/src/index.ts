import { existsSync, readFileSync } from 'node:fs';
import { definePlugin, type PluginDeps } from '@assay/core/plugin/plugin';
import { verifySignature } from '@assay/lib-sr25519';
import { z } from 'zod';
import { LocalChainClient } from './client.js';
import { localChainErrors } from './errors.js';
import { parseGenesis, type Genesis } from './genesis.js';
import { LocalNetwork } from './network.js';

export { localBlockHash } from './blocks.js';
export { LocalChainClient, type LocalChainClientOptions } from './client.js';
export {
  genesisSchema,
  type Genesis,
  type GenesisInput,
  type Registration,
  type RegistrationInput,
} from './genesis.js';
export { LocalNetwork } from './network.js';

const options = z.strictObject({
  file: z.string().min(1).describe("The network's file."),
  genesis: z.string().min(1).optional().describe('JSON file from which the network is made when its file is missing.'),
  blockTime: z
    .number()
    .nonnegative()
    .max(86_400)
    .optional()
    .describe('Seconds per block; 0: blocks come only by hand. As the genesis says when left out.'),
  hotkey: z
    .string()
    .min(1)
    .default('validator')
    .describe('Key to act with: name in the genesis, derivation (//validator) or ss58 address.'),
});
type Options = z.infer<typeof options>;

async function create(
  { file: path, genesis: genesisPath, blockTime, hotkey }: Options,
  { clock, netuid, resolvePath, mode, log }: PluginDeps & { mode: 'validate' | 'read' },
): Promise<LocalChainClient> {
  const file = resolvePath(path);
  const genesisFile = genesisPath === undefined ? undefined : resolvePath(genesisPath);
  const network = await openNetwork(file, genesisFile, mode);
  try {
    return await LocalChainClient.init(
      { netuid, blockTime: blockTime ?? network.blockTime, hotkey, mode },
      { network, clock, log },
    );
  } catch (error) {
    network.close();
    throw error;
  }
}

/** Looking at a network makes none, and a network outlives the file that it was made from. */
async function openNetwork(
  file: string,
  genesisFile: string | undefined,
  mode: 'validate' | 'read',
): Promise<LocalNetwork> {
  if (mode === 'read') return LocalNetwork.open(file, 'read');
  if (genesisFile === undefined || !existsSync(genesisFile)) return LocalNetwork.open(file, 'write');
  return LocalNetwork.create(file, readGenesis(genesisFile));
}

function readGenesis(file: string): Genesis {
  let text: unknown;
  try {
    text = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw localChainErrors.GENESIS_INVALID(
      { issues: [`${file}: ${error instanceof Error ? error.message : String(error)}`] },
      error,
    );
  }
  return parseGenesis(text);
}

export default definePlugin({
  apiVersion: 1,
  name: 'local-chain',
  provides: { chain: { options, create, verifySignature } },
});
