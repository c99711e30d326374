import { allHandlers, BuildBlockMode, destroyWorker, GenesisProvider, getAuraSlotDuration, setup } from '@acala-network/chopsticks-core';
import { JsonRpcServer, METHOD_NOT_FOUND, RpcError } from '../json-rpc-server.js';
import { readGenesis } from './runtime.js';

/** Milliseconds of a slot of the runtime's fast build. */
const SLOT_MS = 1000;

/** Boots the runtime of the files given as arguments and serves it; the parent process gets the address. */
async function main(spec: string, genesisFile: string, port: number): Promise<void> {
  const genesis = readGenesis({ spec, genesis: genesisFile });
  const code = genesis.genesis.raw.top['0x3a636f6465'];
  // The executor can't ask this runtime for its slot duration and would assume 12 s.
  getAuraSlotDuration.cache.set(code, Promise.resolve(SLOT_MS));
  const chain = await setup({
    genesis: new GenesisProvider(genesis),
    buildBlockMode: BuildBlockMode.Manual,
    allowUnresolvedImports: true,
    runtimeLogLevel: 0,
  });
  const server = await JsonRpcServer.start(async (method, params, peer) => {
    if (method === 'dev_usage') return { ...process.memoryUsage(), subscriptions: server.subscriptions };
    const handler = allHandlers[method];
    if (!handler) throw new RpcError(METHOD_NOT_FOUND, `Method not found: ${method}`);
    return await handler({ chain }, params, peer);
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
