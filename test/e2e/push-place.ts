import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { LocalNetwork, type GenesisInput } from '@assay/plugin-local-chain';
import { z } from 'zod';
import { hubHandler, type HubOptions } from '../../examples/hub/server.js';
import { ALICE, ALICE_READING, listening } from '../examples/hub.js';
import type { Answer } from './validator-process.js';
import { newFolder, newWorld, ROOT } from './world.js';

export const TRAINED = join(ROOT, 'competitions', 'demo', 'assets', 'models', 'llama-900steps');
export const HOTKEY = '5DPu8QAZceUYGZwf9duWk3XKDg3hGnFskAbBVC8VEtpd2Yjo';
const MINER = '//miner/21';
/** Head of the demo's network when it is made. */
export const START = 2000;
export const REPO = 'alice/new-model';

const document = z.object({
  repo: z.string(),
  hotkey: z.string(),
  files: z.array(z.object({ path: z.string(), counts: z.boolean() })),
  revision: z.string().nullable(),
  commitment: z.string().nullable(),
  block: z.number().nullable(),
  opens: z.number().nullable(),
  committedNow: z.boolean(),
});
type Pushed = z.infer<typeof document>;

export type Fault = (request: IncomingMessage, response: ServerResponse) => boolean;

export interface Place {
  model: string;
  /** Folder of the hub. */
  root: string;
  /** Of the network. */
  file: string;
  config: string;
  /** The miner's data folder. */
  data: string;
  hub: string;
  /** The command line, with some flags changed and others added. */
  push: (change?: Readonly<Record<string, string>>, ...more: string[]) => string[];
  env: Readonly<Record<string, string>>;
  /** Blocks made since the beginning: each commitment is one. */
  commits: () => number;
  /** Whether anybody can see the repo. */
  isPublic: () => Promise<boolean>;
}

interface Change {
  token?: string;
  fault?: Fault;
  hubOptions?: Partial<HubOptions>;
  /** Further keys of the config file, which lies in this folder. */
  settings?: (folder: string) => Readonly<Record<string, unknown>>;
}

/** A miner with a trained model, a hub and a network whose blocks come with changes alone. */
export async function newPlace({
  token = ALICE.token,
  fault = () => false,
  hubOptions = {},
  settings = () => ({}),
}: Change = {}): Promise<Place> {
  const world = newWorld();
  const model = join(newFolder(), 'model');
  cpSync(TRAINED, model, { recursive: true });
  writeFileSync(join(model, 'README.md'), 'my model\n');
  writeFileSync(join(model, 'optimizer.pt'), 'never published');
  const root = join(world.folder, 'hub');
  const honest = hubHandler({ root, accounts: [ALICE, ALICE_READING], ...hubOptions });
  const hub = await listening(
    createServer((request, response) => {
      if (!fault(request, response)) void honest(request, response);
    }),
  );
  const file = join(world.folder, 'network', 'chain.db');
  const genesis = join(world.folder, 'network', 'genesis.json');
  (await LocalNetwork.create(file, JSON.parse(readFileSync(genesis, 'utf8')) as GenesisInput)).close();
  const data = join(world.folder, 'miner');
  const config = world.configWith('miner.yaml', {
    dataDir: data,
    chain: { use: 'local-chain', file, genesis, blockTime: 0 },
    store: { use: 'huggingface', endpoint: hub, minFreeBytes: 0 },
    publisher: { use: 'huggingface', endpoint: hub, tries: 3 },
    ...settings(world.folder),
  });
  const flags = { repo: REPO, competition: 'demo-docs', hotkey: MINER, config };
  return {
    ...{ model, root, file, hub, config, data },
    push: (change = {}, ...more) => [
      ...['model', 'push', model, '--json', ...more],
      ...Object.entries({ ...flags, ...change }).flatMap(([flag, value]) => [`--${flag}`, value]),
    ],
    env: { HF_TOKEN: token, HOME: newFolder() },
    commits: () => {
      const network = LocalNetwork.open(file, 'read');
      const { number } = network.head();
      network.close();
      return number - START;
    },
    isPublic: async () => (await fetch(`${hub}/api/models/${REPO}`)).ok,
  };
}

export const pushedBy = ({ stdout, stderr }: Answer): Pushed => {
  try {
    return document.parse(JSON.parse(stdout));
  } catch {
    throw new Error(`no answer: ${stdout}${stderr}`);
  }
};
