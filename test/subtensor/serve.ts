import {
  allHandlers,
  BuildBlockMode,
  destroyWorker,
  GenesisProvider,
  getAuraSlotDuration,
  setup,
} from '@acala-network/chopsticks-core';
import { JsonRpcServer, type Call, METHOD_NOT_FOUND, RpcError } from '../json-rpc-server.js';
import { z } from 'zod';
import { finalityCalls } from './finality.js';
import { KnownStates } from './known-states.js';
import { OwnBlocks } from './own-blocks.js';
import { readGenesis } from './runtime.js';

/** Milliseconds of a slot of the runtime's fast build. */
const SLOT_MS = 1000;
/** A function memoised by lodash, whose types are not installed. */
const Memoized = z.custom<{ cache: { set: (key: unknown, value: unknown) => unknown } }>(
  (value) => typeof value === 'function' && 'cache' in value,
);

/** Boots the runtime of the files given as arguments and serves it; the parent process gets the address. */
async function main(spec: string, genesisFile: string, port: number): Promise<void> {
  const genesis = readGenesis({ spec, genesis: genesisFile });
  const code = genesis.genesis.raw.top['0x3a636f6465'];
  // The executor can't ask this runtime for its slot duration and would assume 12 s.
  Memoized.parse(getAuraSlotDuration).cache.set(code, Promise.resolve(SLOT_MS));
  const chain = await setup({
    genesis: new GenesisProvider(genesis),
    buildBlockMode: BuildBlockMode.Manual,
    allowUnresolvedImports: true,
    runtimeLogLevel: 0,
  });
  const states = new KnownStates(chain);
  const blocks = new OwnBlocks(() => chain.newBlock());
  const own: Record<string, Call> = {
    dev_discardState: async (_method, [hash]) => {
      states.discard(String(hash));
    },
    ...finalityCalls(chain),
    dev_usage: async () => ({
      ...process.memoryUsage(),
      connections: server.connections,
      subscriptions: server.subscriptions,
    }),
    // Makes blocks by itself with so many milliseconds between them; 0 ends that.
    dev_setBlockPause: async (_method, [ms]) => {
      blocks.pause = Number(ms);
    },
    // Real nodes have this method, chopsticks has not.
    system_syncState: async () => ({
      startingBlock: 0,
      currentBlock: chain.head.number,
      highestBlock: chain.head.number,
    }),
  };
  const server = await JsonRpcServer.start(async (method, params, peer) => {
    states.check(method, params);
    const ownCall = own[method];
    if (ownCall) return await ownCall(method, params, peer);
    const handler = allHandlers[method];
    if (!handler) throw new RpcError(METHOD_NOT_FOUND, `Method not found: ${method}`);
    const result: unknown = await handler({ chain }, params, peer);
    return result;
  }, port);
  const end = async (): Promise<void> => {
    await server.close();
    await chain.close();
    await destroyWorker();
    process.exit(0);
  };
  process.on('SIGTERM', () => void end());
  // The parent is gone: nobody else would end this process.
  process.on('disconnect', () => void end());
  process.send?.({ url: server.url });
}

const [spec = '', genesis = '', port = '0'] = process.argv.slice(2);
await main(spec, genesis, Number(port));
