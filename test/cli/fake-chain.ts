import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { newFolder, ROOT } from '../e2e/world.js';

const PLUGIN = join(ROOT, 'test', 'cli', 'programs', 'fake-chain.mjs');

/** A config file whose chain is the fake one with these options. */
export function configOf(options: Readonly<Record<string, unknown>> = {}): string {
  const folder = newFolder();
  const config = join(folder, 'fake.yaml');
  writeFileSync(
    config,
    stringify({ plugins: [PLUGIN], netuid: 9, dataDir: join(folder, 'data'), chain: { use: 'fake', ...options } }),
  );
  return config;
}
