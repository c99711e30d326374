import type { ChainClient } from '@assay/core/contracts/chain-client';
import { definePlugin, type PluginDeps } from '@assay/core/plugin/plugin';
import { verifySignature } from '@assay/lib-sr25519';
import { z } from 'zod';
import { SubtensorClient } from './client.js';
import { Identity } from './identity.js';
import { NETWORK_NAMES, networkOf } from './networks.js';
import { Link } from './rpc/link.js';
import { Runtimes } from './runtime/runtimes.js';
import { settings } from './settings.js';

const options = z.strictObject({
  network: z
    .string()
    .min(1)
    .default('finney')
    .describe(`Network: ${NETWORK_NAMES.join(', ')}, or the URL of an endpoint.`),
  endpoints: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe("URLs of endpoints in the order of preference, in place of the network's own."),
  mechanism: z.number().int().min(0).max(15).default(0).describe('Mechanism of the subnet; 0 is the first.'),
  wallet: z
    .strictObject({ name: z.string().optional(), hotkey: z.string().optional(), path: z.string().optional() })
    .optional()
    .describe(
      "Wallet with the hotkey's file: name and hotkey are `default`, path is ~/.bittensor/wallets when left out.",
    ),
  signer: z.string().min(1).optional().describe('Unix socket of a program that signs, in place of a wallet.'),
  signerUser: z
    .number()
    .int()
    .min(0)
    .optional()
    .describe("Uid that may own the signer's socket beside root and the validator's user."),
  hotkey: z
    .string()
    .optional()
    .describe('ss58 address of the hotkey. Without a wallet or signer it is looked at and never signs.'),
  blockTime: z
    .number()
    .positive()
    .max(86_400)
    .optional()
    .describe('Seconds per block; as the chain says when left out.'),
  callDeadline: z.number().positive().max(600).default(30).describe('Seconds within which a call has to be answered.'),
  compareEvery: z
    .number()
    .positive()
    .max(86_400)
    .default(300)
    .describe('Seconds between two looks at the endpoints that are not in use.'),
});
/** Seconds, until the chain has said it. */
const USUAL_BLOCK_TIME = 12;
type Options = z.infer<typeof options>;

async function create(
  given: Options,
  deps: PluginDeps & { mode: 'validate' | 'read'; readOnly: boolean },
): Promise<ChainClient> {
  const { netuid, log, mode, readOnly } = deps;
  const { name, endpoints, genesis } = networkOf(given);
  const link = new Link(
    {
      endpoints,
      genesis,
      callMs: given.callDeadline * 1000,
      blockTimeMs: (given.blockTime ?? USUAL_BLOCK_TIME) * 1000,
      compareMs: given.compareEvery * 1000,
      // Somebody waits before a terminal: a network that refuses twice is not there.
      rounds: mode === 'read' ? 2 : undefined,
    },
    { log },
  );
  return new SubtensorClient(
    { netuid, mechanism: given.mechanism, network: name, learnBlockTime: given.blockTime === undefined },
    {
      link,
      runtimes: new Runtimes({ link }),
      identity: new Identity({ ...given, maySign: mode === 'validate' && !readOnly }, deps),
      log,
    },
  );
}

export default definePlugin({
  apiVersion: 1,
  name: 'subtensor',
  provides: { chain: { options, settings, create, verifySignature } },
});
