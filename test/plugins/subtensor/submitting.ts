import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Keyring } from '@polkadot/api';
import { cryptoWaitReady, encodeAddress } from '@polkadot/util-crypto';
import { asHotkey, asUid } from '@assay/core/contracts/brands';
import type { SubmissionTicket, WeightsSubmission } from '@assay/core/contracts/chain-client';
import { SubtensorClient } from '@assay/plugin-subtensor/dist/client.js';
import { Identity } from '@assay/plugin-subtensor/dist/identity.js';
import type { LinkOptions } from '@assay/plugin-subtensor/dist/rpc/link.js';
import { Runtimes } from '@assay/plugin-subtensor/dist/runtime/runtimes.js';
import { PoolNode, type PoolNodeOptions } from '../../pool-node.js';
import { writeHotkey } from '../../subtensor/hotkey-file.js';
import { recordings } from './opened.js';
import { factsOf, fillSubnet, NETUID } from './scripted-subnet.js';
import { atEnd, openLink, type Line } from './scripted-link.js';

export { NETUID } from './scripted-subnet.js';
export const BLOCK_MS = 120;

await cryptoWaitReady();

/** Hotkeys of the miners, by uid. */
const MINERS = [0, 1, 2].map((uid) => encodeAddress(factsOf(uid).hotkey, 42));
const VALIDATOR = new Keyring({ type: 'sr25519', ss58Format: 42 }).addFromUri('//hotkey//submitting').address;
/** Three miners, and the validator that submits. */
const NEURONS = [...MINERS, VALIDATOR].map((hotkey, uid) => ({
  ...factsOf(uid),
  hotkey,
  lastUpdate: 0,
  validatorPermit: hotkey === VALIDATOR,
}));

/** A node with a pool, by the metadata of Finney's spec 424, closed after the test. */
export async function startNode(options: Partial<PoolNodeOptions> = {}): Promise<PoolNode> {
  if (typeof recordings === 'string') throw new Error(recordings);
  const node = await PoolNode.start({
    specVersion: 424,
    metadata: recordings.metadata424,
    firstBlock: 100,
    ...options,
  });
  atEnd(() => node.close());
  for (const mechanism of [0, 1]) fillSubnet(setter(node), NEURONS, mechanism);
  const set = setter(node);
  set('WeightsSetRateLimit', [NETUID], 0);
  set('CommitRevealWeightsEnabled', [NETUID], false);
  set('MinAllowedWeights', [NETUID], 1);
  node.chain.finalityLag = 2;
  node.advance(4);
  return node;
}

const setter = (node: PoolNode): ((item: string, args: readonly unknown[], value: unknown) => void) => {
  return (item, args, value) => {
    node.put('SubtensorModule', item, args, value);
  };
};

/** Makes a block every so many milliseconds until the returned function is called. */
export function keepMaking(node: PoolNode, ms = BLOCK_MS): () => void {
  const timer = setInterval(() => {
    node.advance();
  }, ms);
  const stop = (): void => {
    clearInterval(timer);
  };
  atEnd(stop);
  return stop;
}

/** A folder with a wallet `w` whose hotkey is `h`, removed after the test. */
export function newWallet(): string {
  const path = mkdtempSync(join(tmpdir(), 'assay-submit-'));
  atEnd(() => {
    rmSync(path, { recursive: true, force: true });
  });
  mkdirSync(join(path, 'w', 'hotkeys'), { recursive: true });
  writeHotkey(join(path, 'w', 'hotkeys', 'h'), '//hotkey//submitting');
  return path;
}

export interface Submitter {
  client: SubtensorClient;
  hotkey: string;
  log: Line[];
  /** Folder of its wallet. */
  path: string;
}

/** A client that signs with the wallet's key. */
export async function openSubmitter(
  endpoints: readonly string[],
  { path = newWallet(), mechanism = 0, ...options }: Partial<LinkOptions> & { path?: string; mechanism?: number } = {},
): Promise<Submitter> {
  const { link, log } = openLink(endpoints, { blockTimeMs: BLOCK_MS, ...options });
  const client = openClientOver({ link, log, path, mechanism });
  atEnd(() => client.close());
  const { hotkey } = await client.identity();
  return { client, hotkey, log, path };
}

function openClientOver({
  link,
  log,
  path,
  mechanism,
}: Pick<ReturnType<typeof openLink>, 'link' | 'log'> & { path: string; mechanism: number }): SubtensorClient {
  const write = (level: Line['level'], message: string, context: Record<string, unknown> = {}): void => {
    log.push({ level, message, context });
  };
  const identity = new Identity(
    { maySign: true, wallet: { path, name: 'w', hotkey: 'h' } },
    { environment: {}, log: write, resolvePath: (each) => each },
  );
  return new SubtensorClient(
    { netuid: NETUID, mechanism, network: 'scripted', learnBlockTime: false },
    { link, runtimes: new Runtimes({ link }), identity, log: write },
  );
}

/** A row for a few uids; `value` makes it differ from others. */
export const rowOf = (value: number): WeightsSubmission => ({
  uids: [0, 1, 2].map((uid) => asUid(uid)),
  hotkeys: MINERS.map(asHotkey),
  weights: [65_535, value, 7],
  versionKey: 0n,
});

/** Tickets as they come. */
export function keeper(): { tickets: SubmissionTicket[]; keep: (ticket: SubmissionTicket) => Promise<void> } {
  const tickets: SubmissionTicket[] = [];
  return {
    tickets,
    keep: async (ticket) => {
      tickets.push(ticket);
      return Promise.resolve();
    },
  };
}

export const soon = (ms = 20_000): AbortSignal => AbortSignal.timeout(ms);
