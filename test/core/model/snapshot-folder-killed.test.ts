import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { SnapshotFolder } from '@assay/core/model/snapshot-folder';
import { newFolder } from './folders.js';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const MODELS = 40;
const SIZE = 200_000;

/** Adds and prunes models for as long as it lives. */
const WORKER = `
  import { SnapshotFolder } from '@assay/core/model/snapshot-folder';
  const never = new AbortController().signal;
  const folder = await SnapshotFolder.open(process.argv[1]);
  async function* source({ path, size }) {
    const bytes = Buffer.alloc(size, path);
    for (let start = 0; start < size; start += 20_000) yield bytes.subarray(start, start + 20_000);
  }
  console.log('ready');
  for (let count = 0; ; count += 1) {
    const name = 'm' + (count % ${MODELS});
    const files = ['shared', 'own-' + name].map((path) => ({ path, size: ${SIZE} }));
    await folder.add({ namespace: 'miner', name, revision: 'a'.repeat(40) }, files, source, () => {}, never);
    if (count % 7 === 6) await folder.prune([], 0, Date.now() + 1000, never);
  }
`;

async function workAndKill(directory: string, ms: number): Promise<void> {
  const worker = spawn(process.execPath, ['--input-type=module', '--eval', WORKER, directory], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = once(worker, 'exit');
  await once(worker.stdout, 'data');
  await new Promise((resolve) => setTimeout(resolve, ms));
  worker.kill('SIGKILL');
  expect(await gone).toEqual([null, 'SIGKILL']);
}

it('holds whole models or none, wherever a fetch or a cleaning is killed', async () => {
  const directory = newFolder();
  let whole = 0;
  for (const ms of [1, 7, 19, 40, 65, 90]) {
    await workAndKill(directory, ms);
    const folder = await SnapshotFolder.open(directory);
    expect(readdirSync(join(directory, 'drafts'))).toEqual([]);
    for (let index = 0; index < MODELS; index += 1) {
      const stored = await folder.stored({ namespace: 'miner', name: `m${index}`, revision: 'a'.repeat(40) });
      if (!stored) continue;
      whole += 1;
      expect(readdirSync(stored.directory).sort()).toEqual([`own-m${index}`, 'shared']);
      for (const { path, sha256 } of stored.files) {
        expect(
          createHash('sha256')
            .update(readFileSync(join(stored.directory, path)))
            .digest('hex'),
        ).toBe(sha256);
      }
    }
    await expect(folder.prune([], 3_600_000, Date.now(), new AbortController().signal)).resolves.toMatchObject({
      removed: [],
    });
  }
  expect(whole).toBeGreaterThan(0);
});
