import { writeFileSync } from 'node:fs';
import { asHotkey, asUid } from '@assay/core/contracts/brands';
import { SubtensorClient } from '@assay/plugin-subtensor/dist/client.js';
import { Identity } from '@assay/plugin-subtensor/dist/identity.js';
import { Link } from '@assay/plugin-subtensor/dist/rpc/link.js';
import { Runtimes } from '@assay/plugin-subtensor/dist/runtime/runtimes.js';
import { encodeAddress } from '@polkadot/util-crypto';
import { factsOf } from './scripted-subnet.js';

/** Sets weights once with the hotkey of a wallet, keeps the ticket in a file, and writes the receipt. */
async function main(endpoint: string, wallet: string, file: string, weight: number): Promise<void> {
  const log = (): void => undefined;
  const link = new Link({ endpoints: [endpoint], callMs: 20_000, blockTimeMs: 2000, compareMs: 600_000 }, { log });
  const identity = new Identity(
    { maySign: true, wallet: { path: wallet, name: 'w', hotkey: 'h' } },
    { environment: {}, log, resolvePath: (path) => path },
  );
  const client = new SubtensorClient(
    { netuid: 1, mechanism: 0, network: 'scripted', learnBlockTime: false },
    { link, runtimes: new Runtimes({ link }), identity, log },
  );
  const row = {
    uids: [asUid(0)],
    hotkeys: [asHotkey(encodeAddress(factsOf(0).hotkey, 42))],
    weights: [weight],
    versionKey: 0n,
  };
  const receipt = await client.setWeights(row, AbortSignal.timeout(60_000), async (ticket) => {
    writeFileSync(file, JSON.stringify(ticket));
    return Promise.resolve();
  });
  process.stdout.write(JSON.stringify(receipt));
  await client.close();
}

const [endpoint = '', wallet = '', file = '', weight = '1'] = process.argv.slice(2);
await main(endpoint, wallet, file, Number(weight));
