import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { directoryHash, secureHash } from '@assay/core/model/directory-hash';
import { stringify } from 'yaml';
import { ROOT } from '../e2e/world.js';
import { writeHotkey } from './hotkey-file.js';
import type { SubtensorNode } from './start.js';
import { rawField, type World } from './world.js';

const MODELS = join(ROOT, 'competitions', 'demo', 'assets', 'models');
/** What each miner commits, the first one first. */
const MINERS = [
  ['best', 'llama-2000steps'],
  ['half', 'llama-900steps'],
  ['copy', 'llama-2000steps'],
  ['beginner', 'llama-250steps'],
] as const;
/** Blocks for which the demo's subnet lets a commitment rest. */
const REST = 50;

/** A published model as a hub would hold it; returns the text that its miner commits. */
function publish(repos: string, name: string, model: string, hotkey: string): string {
  const revision = createHash('sha1').update(name).digest('hex');
  const folder = join(repos, 'miner', name, revision);
  cpSync(join(MODELS, model), folder, { recursive: true });
  rmSync(join(folder, 'golden.json'), { force: true });
  const files = readdirSync(folder).filter((file) => /^(?:config|generation_config|model)\./.test(file));
  const hashed = files.map((path) => ({
    path,
    sha256: createHash('sha256')
      .update(readFileSync(join(folder, path)))
      .digest('hex'),
  }));
  return `miner:${name}:${revision}:${secureHash(directoryHash(hashed), hotkey)}:1`;
}

/** A validator with stake and permit, and miners whose models are committed and have rested. */
export async function populate(world: World, folder: string): Promise<void> {
  await world.register('validator', ...MINERS.map(([name]) => name));
  await world.stake('validator', 500);
  await world.permit('validator');
  for (const [name, model] of MINERS) {
    const text = publish(join(folder, 'repos'), name, model, world.hotkey(name).address);
    await world.commit(name, rawField(text));
  }
  // One at a time: a call may take a minute at most.
  for (let block = 0; block < REST; block += 1) await world.node.newBlock();
}

/** Writes the config file of a validator over this endpoint and returns its path. `more` replaces what stands in it. */
export function configOf(folder: string, url: string, chain: object, more: object = {}): string {
  const config = join(folder, 'validator.yaml');
  const settings = {
    subnet: 'demo',
    dataDir: join(folder, 'data'),
    // On a busy machine a block may take longer than five of the runtime's slots of a second.
    chain: { use: 'subtensor', network: url, blockTime: 12, ...chain },
    store: { use: 'local-files', repos: join(folder, 'repos'), minFreeBytes: 100_000_000 },
    evaluator: { use: 'onnxruntime', device: 'cpu' },
    ...more,
  };
  writeFileSync(config, stringify(settings));
  return config;
}

/** A wallet in this folder with the hotkey of that name in the world, as an option of the chain. */
export function walletOf(folder: string, name: string): { wallet: { path: string; name: string; hotkey: string } } {
  const wallet = { path: join(folder, 'wallets'), name: 'default', hotkey: name };
  const hotkeys = join(wallet.path, wallet.name, 'hotkeys');
  mkdirSync(hotkeys, { recursive: true, mode: 0o700 });
  writeHotkey(join(hotkeys, name), `//hotkey//${name}`);
  return { wallet };
}

/** A block about every second until the work is done. */
export async function whileBlocksAreMade<T>(node: SubtensorNode, work: Promise<T>): Promise<T> {
  const over = new AbortController();
  const done = work.finally(() => {
    over.abort();
  });
  while (!over.signal.aborted) {
    await node.newBlock();
    await sleep(500);
  }
  return await done;
}
