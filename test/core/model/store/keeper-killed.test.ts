import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { newFolder } from '../folders.js';
import { kept, model, never } from './scene.js';

const ROOT = join(import.meta.dirname, '..', '..', '..', '..');
const MODELS = 40;
const SIZE = 200_000;

/** Adds and prunes models for as long as it lives. */
const WORKER = `
  import { ModelKeeper } from '@assay/core/model/store/keeper';
  import { systemClock } from '@assay/core/runtime/system-clock';
  const never = new AbortController().signal;
  async function* parts({ path, size }, start, end) {
    const bytes = Buffer.alloc(size, path);
    for (let at = start; at < end; at += 20_000) yield bytes.subarray(at, Math.min(end, at + 20_000));
  }
  const source = {
    description: 'worker',
    open: async (_reference, file, { start, end }) => ({ start, bytes: parts(file, start, end) }),
  };
  const options = { directory: process.argv[1], rangeBytes: 50_000 };
  const keeper = await ModelKeeper.open(options, { source, clock: systemClock });
  console.log('ready');
  for (let count = 0; ; count += 1) {
    const name = 'm' + (count % ${MODELS});
    const files = ['shared', 'own-' + name].map((path) => ({ path, size: ${SIZE} }));
    await keeper.fetch({ namespace: 'miner', name, revision: 'a'.repeat(40) }, files, () => {}, never);
    if (count % 7 === 6) await keeper.prune(0, never);
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
  for (const ms of [1, 30, 70, 120, 200, 300]) {
    await workAndKill(directory, ms);
    const { keeper } = await kept({}, directory);
    expect(readdirSync(join(directory, 'drafts'))).toEqual([]);
    for (let index = 0; index < MODELS; index += 1) {
      const stored = await keeper.stored(model(`m${index}`));
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
    await expect(keeper.prune(3_600_000, never)).resolves.toMatchObject({
      removed: [],
    });
  }
  expect(whole).toBeGreaterThan(0);
});
