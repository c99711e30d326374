import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { afterAll } from 'vitest';

export const ROOT = join(import.meta.dirname, '..', '..');
const EXAMPLE = join(ROOT, 'examples', 'demo.yaml');
const folders: string[] = [];

/** Gone when the file's tests are through. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'assay-e2e-'));
  folders.push(folder);
  return folder;
}

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export interface World {
  folder: string;
  /** The demo's own config, every path of it in this folder. */
  config: string;
  /** Another config beside it: top-level keys replaced. */
  configWith(name: string, change: Readonly<Record<string, unknown>>): string;
}

/** A demo of its own, as `npm start` makes it. */
export function newWorld(): World {
  const folder = newFolder();
  execFileSync(process.execPath, [join(ROOT, 'competitions', 'demo', 'dist', 'main.js'), folder]);
  const text = readFileSync(EXAMPLE, 'utf8').replaceAll('../.assay/demo', folder);
  const config = join(folder, 'demo.yaml');
  writeFileSync(config, text);
  return {
    folder,
    config,
    configWith(name, change) {
      const path = join(folder, name);
      writeFileSync(path, stringify({ ...(parse(text) as object), ...change }));
      return path;
    },
  };
}
