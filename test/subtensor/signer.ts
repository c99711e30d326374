import { SubtensorClient } from '@assay/plugin-subtensor/dist/client.js';
import { Identity } from '@assay/plugin-subtensor/dist/identity.js';
import { Link } from '@assay/plugin-subtensor/dist/rpc/link.js';
import { Runtimes } from '@assay/plugin-subtensor/dist/runtime/runtimes.js';
import { NETUID } from './world.js';

/** The plugin's client of the subnet, which signs with hotkey `h` of wallet `w` in a folder. */
export function openSigner(url: string, path: string): SubtensorClient {
  const log = (): void => undefined;
  const link = new Link({ endpoints: [url], callMs: 60_000, blockTimeMs: 4000, compareMs: 60_000 }, { log });
  const identity = new Identity(
    { maySign: true, wallet: { path, name: 'w', hotkey: 'h' } },
    { environment: {}, log, resolvePath: (each) => each },
  );
  return new SubtensorClient(
    { netuid: NETUID, mechanism: 0, network: 'the real runtime', learnBlockTime: false },
    { link, runtimes: new Runtimes({ link }), identity, log },
  );
}
