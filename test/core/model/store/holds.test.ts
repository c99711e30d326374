import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { newFolder } from '../folders.js';
import { kept, listing, model, never, texts, type Kept } from './scene.js';

const ROOT = join(import.meta.dirname, '..', '..', '..', '..');
const HOUR = 3_600_000;

const own = (name: string): Record<string, string> => ({ 'model.safetensors': name.repeat(1000 / name.length) });

/** Names of the models that are stored. */
async function names({ keeper }: Kept, candidates: readonly string[]): Promise<string[]> {
  const found = await Promise.all(candidates.map(async (name) => ((await keeper.stored(model(name))) ? [name] : [])));
  return found.flat();
}

/** Another process with the store open that runs a script, with `keeper`, `model` and `say`. */
async function otherProcess(
  directory: string,
  script: string,
): Promise<{ said: () => Promise<string>; child: ChildProcessByStdio<null, Readable, null> }> {
  const code = `
    import { ModelKeeper } from '@assay/core/model/store/keeper';
    import { systemClock } from '@assay/core/runtime/system-clock';
    const never = new AbortController().signal;
    const model = (name) => ({ namespace: 'miner', name, revision: 'a'.repeat(40) });
    const say = (text) => console.log(text);
    const source = { description: 'other', list: async () => ({ files: [], totalBytes: 0 }), open: async (_r, file, { start, end }) => ({
      start, bytes: (async function* () { for (let at = start; at < end; at += 1000) { await new Promise((r) => setTimeout(r, 5)); yield Buffer.alloc(Math.min(1000, end - at), 'x'); } })() }) };
    const keeper = await ModelKeeper.open({ directory: process.argv[1] }, { source, clock: systemClock });
    ${script}
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code, directory], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const said = async (): Promise<string> => {
    const [text] = (await once(child.stdout, 'data')) as [Buffer];
    return text.toString().trim();
  };
  return { said, child };
}

describe('what is held', () => {
  it('stays when the store is cleaned: in use, kept or pinned', async () => {
    const scene = await kept();
    const all = ['leased', 'kept', 'pinned', 'free'];
    for (const name of all) await scene.add(name, own(name));
    const lease = await scene.keeper.lease(model('leased'));
    await scene.keeper.keep([model('kept')]);
    await scene.keeper.folder.holds.pin(model('pinned'));
    await scene.keeper.prune(0, never);
    expect(await names(scene, all)).toEqual(['leased', 'kept', 'pinned']);
    await lease.release();
    await lease.release();
    await scene.keeper.keep([]);
    await scene.keeper.folder.holds.unpin(model('pinned'));
    await scene.keeper.prune(0, never);
    expect(await names(scene, all)).toEqual([]);
    expect(readdirSync(join(scene.root, 'blobs'))).toEqual([]);
  });

  it('stays until the last of several leases is released', async () => {
    const scene = await kept();
    await scene.add('one', own('one'));
    const [first, second] = [await scene.keeper.lease(model('one')), await scene.keeper.lease(model('one'))];
    await first.release();
    await scene.keeper.prune(0, never);
    expect(await names(scene, ['one'])).toEqual(['one']);
    await second.release();
    await scene.keeper.prune(0, never);
    expect(await names(scene, ['one'])).toEqual([]);
  });

  it('stays when another process cleans, for as long as the one that uses it lives', async () => {
    const root = newFolder();
    const scene = await kept({}, root);
    await scene.add('one', own('one'));
    const { said, child } = await otherProcess(
      root,
      `await keeper.lease(model('one')); say('leased'); setInterval(() => {}, 1000);`,
    );
    expect(await said()).toBe('leased');
    await scene.keeper.prune(0, never);
    expect(await names(scene, ['one'])).toEqual(['one']);
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    await scene.keeper.prune(0, never);
    expect(await names(scene, ['one'])).toEqual([]);
  });

  it('stays for a validator that is not running, and not for one that has not come back for weeks', async () => {
    const root = newFolder();
    const validator = await kept({ validator: 'mine' }, root);
    await validator.add('one', own('one'));
    await validator.keeper.keep([model('one')]);
    await validator.keeper.close();
    const other = await kept({ validator: 'other' }, root);
    await other.keeper.keep([]);
    await other.keeper.prune(0, never);
    expect(await names(other, ['one'])).toEqual(['one']);
    const old = new Date(Date.now() - 15 * 24 * HOUR);
    utimesSync(join(root, 'kept/mine.json'), old, old);
    await other.keeper.prune(0, never);
    expect(await names(other, ['one'])).toEqual([]);
  });

  it('waits for a removal that has begun, and finds the model gone', async () => {
    const scene = await kept();
    await scene.add('one', own('one'));
    const { holds, models } = scene.keeper.folder;
    const end = await holds.beginRemoval(model('one'));
    let leased = false;
    const lease = scene.keeper.lease(model('one')).then((given) => {
      leased = true;
      return given;
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(leased).toBe(false);
    await models.remove(model('one'));
    await end();
    await (await lease).release();
    expect(await names(scene, ['one'])).toEqual([]);
  });

  it('does not wait for a removal of a process that was killed', async () => {
    const scene = await kept();
    await scene.add('one', own('one'));
    const end = await scene.keeper.folder.holds.beginRemoval(model('one'));
    const [marker = ''] = readdirSync(join(scene.root, 'removals'));
    await end();
    writeFileSync(join(scene.root, 'removals', marker.replace(/\.\d+\./, '.999999999.')), '');
    await (await scene.keeper.lease(model('one'))).release();
  });

  it('is never half there for the one that holds it, however often others clean', { timeout: 60_000 }, async () => {
    const root = newFolder();
    const scene = await kept({}, root);
    const { said } = await otherProcess(root, `say('cleaning'); for (;;) await keeper.prune(0, never);`);
    expect(await said()).toBe('cleaning');
    let found = 0;
    for (let count = 0; count < 60; count += 1) {
      await scene.add('one', own('one'));
      const lease = await scene.keeper.lease(model('one'));
      const stored = await scene.keeper.stored(model('one'));
      if (stored) {
        found += 1;
        for (let look = 0; look < 5; look += 1) {
          await new Promise((resolve) => setTimeout(resolve, 1));
          expect(existsSync(join(stored.directory, 'model.safetensors'))).toBe(true);
        }
      }
      await lease.release();
    }
    expect(found).toBeGreaterThan(0);
  });
});

it('drops a partial file that no transfer has gone on with for a day', async () => {
  const scene = await kept();
  for (const name of ['old', 'new']) writeFileSync(join(scene.root, 'partials', `${name}.free`), 'x');
  const before = new Date(Date.now() - 25 * HOUR);
  utimesSync(join(scene.root, 'partials/old.free'), before, before);
  await scene.keeper.prune(0, never);
  expect(readdirSync(join(scene.root, 'partials'))).toEqual(['new.free']);
});

describe('when room is short', () => {
  const SIZE = 1000;
  const LIMIT = 5_200;
  const THREE_MODELS = 4_600;

  it('goes what nothing holds, that which was not used for longest first, and nothing else', async () => {
    const scene = await kept({ maxBytes: THREE_MODELS });
    await scene.add('oldest', own('oldest_'.slice(0, 5)));
    scene.clock.lead += HOUR;
    await scene.add('older', own('older'));
    scene.clock.lead += HOUR;
    await scene.add('newer', own('newer'));
    await scene.keeper.keep([model('oldest')]);
    scene.clock.lead += HOUR;
    await (await scene.keeper.lease(model('older'))).release();
    await scene.add('four', own('four4'));
    expect(await names(scene, ['oldest', 'older', 'newer', 'four'])).toEqual(['oldest', 'older', 'four']);
    await scene.keeper.keep(['oldest', 'older', 'four'].map(model));
    await expect(scene.add('five', own('five5'))).rejects.toMatchObject({ code: 'STORE_FULL', fault: 'validator' });
    expect(await names(scene, ['oldest', 'older', 'four'])).toEqual(['oldest', 'older', 'four']);
  });

  it('go partial files of no process first, then contents of no model', async () => {
    const scene = await kept({ maxBytes: LIMIT });
    await scene.add('model', own('model'));
    writeFileSync(join(scene.root, 'blobs', 'a'.repeat(64)), Buffer.alloc(SIZE));
    writeFileSync(join(scene.root, 'partials', `${'b'.repeat(64)}.free`), Buffer.alloc(SIZE));
    await scene.add('two', { 'model.safetensors': 't'.repeat(2 * SIZE) });
    expect(readdirSync(join(scene.root, 'partials'))).toEqual([]);
    expect(existsSync(join(scene.root, 'blobs', 'a'.repeat(64)))).toBe(true);
    await scene.add('three', { 'model.safetensors': 'h'.repeat(SIZE) });
    expect(existsSync(join(scene.root, 'blobs', 'a'.repeat(64)))).toBe(false);
    expect(await names(scene, ['model', 'two', 'three'])).toEqual(['model', 'two', 'three']);
  });

  it('promises the same room to one fetch only', async () => {
    const scene = await kept({ maxBytes: LIMIT });
    const files = (name: string): ReturnType<typeof listing> => listing({ [name]: name.repeat(3000) });
    const fetches = ['a', 'b', 'c'].map((name) => scene.fetch(name, files(name), texts({ [name]: name.repeat(3000) })));
    const ended = await Promise.allSettled(fetches);
    expect(ended.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThanOrEqual(1);
    expect((await scene.keeper.usage()).bytes).toBeLessThanOrEqual(LIMIT);
    for (const one of ended) if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'STORE_FULL' });
  });

  it('leaves the free-space floor alone', async () => {
    const scene = await kept({ minFreeBytes: Number.MAX_SAFE_INTEGER });
    await expect(scene.add('one', own('one'))).rejects.toMatchObject({ code: 'STORE_FULL' });
  });
});

describe('two processes on one store', () => {
  it('fetch a content once between them', { timeout: 60_000 }, async () => {
    const root = newFolder();
    const size = 150_000;
    const digest = createHash('sha256').update(Buffer.alloc(size, 'x')).digest('hex');
    const file = { path: 'model.safetensors', size, sha256: digest };
    const { said } = await otherProcess(
      root,
      `say('begun'); await keeper.fetch(model('theirs'), [${JSON.stringify(file)}], () => {}, never); say('fetched'); setInterval(() => {}, 1000);`,
    );
    expect(await said()).toBe('begun');
    const scene = await kept({}, root);
    await expect.poll(() => readdirSync(join(root, 'partials')).length, { timeout: 20_000 }).toBe(1);
    const stored = await scene.fetch('mine', [file], () => Promise.reject(new Error('the other process has it')));
    expect(stored.files).toEqual([file]);
    expect(readdirSync(join(root, 'blobs'))).toEqual([digest]);
  });
});
