import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { HostileHub } from '../../hostile-hub.js';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const MB = 1_000_000;
const REVISION = 'a'.repeat(40);
const WEIGHTS = randomBytes(24 * MB);
const CONFIG = Buffer.from('{"model_type":"llama"}');

/** Lists and fetches a repo into a store, as a validator does, and says so. */
const FETCHER = `
  import huggingface from '@assay/plugin-huggingface';
  import { ModelKeeper } from '@assay/core/model/store/keeper';
  import { systemClock } from '@assay/core/runtime/system-clock';
  const [, directory, endpoint, name] = process.argv;
  const signal = new AbortController().signal;
  const options = huggingface.provides.store.options.parse({ endpoint });
  const source = await huggingface.provides.store.create(options, { clock: systemClock, environment: {}, log: () => {} }, signal);
  const keeper = await ModelKeeper.open({ directory, rangeBytes: 2 ** 21, pauseMs: 50, longestPauseMs: 200 }, { source, clock: systemClock });
  const reference = { namespace: 'miner', name, revision: '${REVISION}' };
  const { files } = await keeper.list(reference, signal);
  console.log('listed');
  await keeper.fetch(reference, files, () => {}, signal);
  console.log('fetched');
  await keeper.close();
`;

interface World {
  hub: HostileHub;
  store: string;
  /** Bytes of files that the hub has sent. */
  sent: () => number;
}

async function world(behaviour: object = {}): Promise<World> {
  const store = mkdtempSync(join(tmpdir(), 'assay-killed-'));
  const files = { 'config.json': CONFIG, 'model.safetensors': { content: WEIGHTS, lfs: true, behaviour } };
  const repos = Object.fromEntries(
    ['miner/llama', ...Array.from({ length: 10 }, (_none, index) => `miner/copy-${index}`)].map((name) => [
      name,
      { revision: REVISION, files },
    ]),
  );
  const hub = await HostileHub.start(repos, { bytesPerSecond: 4 * MB });
  onTestFinished(async () => {
    await hub.close();
    rmSync(store, { recursive: true, force: true });
  });
  const asked = (): number =>
    hub.requests
      .filter(({ path }) => path.includes('/cdn/'))
      .map(({ headers }) => /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [])
      .reduce((sum, [, first, last]) => sum + Number(last) - Number(first) + 1, 0);
  return { hub, store, sent: asked };
}

/** @returns whether the fetch has ended by itself */
async function fetchAndKill({ hub, store }: World, name: string, afterMs: number): Promise<boolean> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', FETCHER, store, hub.url, name], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = once(child, 'exit');
  await once(child.stdout, 'data');
  const killing = setTimeout(() => child.kill('SIGKILL'), afterMs);
  const [code] = (await gone) as [number | null];
  clearTimeout(killing);
  return code === 0;
}

const du = (folder: string): number => {
  const inodes = new Map<number, number>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const { ino, size } = statSync(join(entry.parentPath, entry.name));
    inodes.set(ino, size);
  }
  return [...inodes.values()].reduce((sum, size) => sum + size, 0);
};

it('resumes a download that is killed again and again, and keeps one partial file', { timeout: 180_000 }, async () => {
  const scene = await world();
  let kills = 0;
  while (!(await fetchAndKill(scene, 'llama', 150 + 40 * kills))) {
    kills += 1;
    const partials = readdirSync(join(scene.store, 'partials'));
    expect(partials.length).toBeLessThanOrEqual(2);
    expect(new Set(partials.map((name) => name.split('.')[0])).size).toBe(partials.length);
    expect(kills).toBeLessThan(30);
  }
  expect(kills).toBeGreaterThan(1);
  const stored = join(scene.store, 'models/miner/llama', REVISION, 'files/model.safetensors');
  expect(readFileSync(stored).equals(WEIGHTS)).toBe(true);
  expect(readdirSync(join(scene.store, 'partials'))).toEqual([]);
  // Requests that are under way when a process dies are asked again for what they had not brought.
  expect(scene.sent()).toBeLessThan(WEIGHTS.length + kills * 9 * 2 ** 21);
});

it('takes the room of one model for ten copies of it, and fetches none of them', { timeout: 120_000 }, async () => {
  const scene = await world();
  expect(await fetchAndKill(scene, 'llama', 60_000)).toBe(true);
  const [before, sent] = [du(scene.store), scene.sent()];
  for (let index = 0; index < 10; index += 1) expect(await fetchAndKill(scene, `copy-${index}`, 60_000)).toBe(true);
  expect(scene.sent()).toBe(sent);
  expect(du(scene.store) - before).toBeLessThan(10_000);
});

it('gets through a hub that cuts, keeps silent and says to wait', { timeout: 120_000 }, async () => {
  for (const behaviour of [
    { cutAt: 300_000, times: 30 },
    { status: { code: 429, retryAfter: '1' }, times: 3 },
    { status: { code: 503 }, times: 4 },
    { wholeToRange: true, times: 2 },
    { missingBytes: 1000, times: 5 },
  ]) {
    const scene = await world(behaviour);
    expect(await fetchAndKill(scene, 'llama', 100_000), JSON.stringify(behaviour)).toBe(true);
    const [name = ''] = readdirSync(join(scene.store, 'blobs')).filter(
      (blob) => blob === createHash('sha256').update(WEIGHTS).digest('hex'),
    );
    expect(name).not.toBe('');
  }
});
