import type { ChainClient } from '../contracts/chain-client.js';
import { configErrors } from '../config/errors.js';
import { chainErrors } from './errors.js';

/**
 * A chain client without anything that signs: the key has no `sign`, and what would send an extrinsic rejects with READ_ONLY
 * before the client hears of it. Only the members that are listed here are passed on.
 */
export function readOnlyChain(client: ChainClient): ChainClient {
  const connection = client.connection?.bind(client);
  return {
    description: client.description,
    netuid: client.netuid,
    maxCommitmentBytes: client.maxCommitmentBytes,
    maxTimelockedBytes: client.maxTimelockedBytes,
    identity: async () => ({ hotkey: (await client.identity()).hotkey }),
    head: (signal) => client.head(signal),
    blockHash: (block, signal) => client.blockHash(block, signal),
    snapshot: (signal, at) => client.snapshot(signal, at),
    setWeights: () => Promise.reject(chainErrors.READ_ONLY({ what: 'setting weights' })),
    weightsFate: (ticket, signal) => client.weightsFate(ticket, signal),
    ...(client.revealWeights && {
      revealWeights: () => Promise.reject(chainErrors.READ_ONLY({ what: 'the reveal of weights' })),
    }),
    commit: () => Promise.reject(chainErrors.READ_ONLY({ what: 'a commitment' })),
    ...(connection && { connection }),
    close: () => client.close(),
  };
}

/** What a chain plugin has made, as a client that signs nothing. @throws PLUGIN_MALFORMED */
export function readOnlyChainOf(made: object, use: string): ChainClient {
  if (isChainClient(made)) return readOnlyChain(made);
  throw configErrors.PLUGIN_MALFORMED({
    package: use,
    issues: ['provides.chain.create: what it makes lacks members of a ChainClient'],
  });
}

const FUNCTIONS = ['identity', 'head', 'blockHash', 'snapshot', 'setWeights', 'weightsFate', 'commit', 'close'];

const isChainClient = (made: object): made is ChainClient =>
  FUNCTIONS.every((name) => typeof Reflect.get(made, name) === 'function');
