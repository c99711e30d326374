import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelPublisher, UploadFile } from '@assay/core/contracts/model-publisher';
import { makesNothing } from '@assay/core/testing/makes-nothing';
import plugin from '@assay/plugin-local-files';
import { expect, it } from 'vitest';
import { newFolder } from '../../examples/hub.js';

const { signal } = new AbortController();
const REPO = { namespace: 'alice', name: 'model' };
const ignore = (): void => undefined;

async function publisherOver(repos: string): Promise<ModelPublisher> {
  const factory = plugin.provides.publisher;
  if (!factory) throw new Error('the plugin provides no publisher');
  const deps = {
    clock: { now: () => 0, sleep: () => Promise.resolve() },
    ...{ dataDir: repos, netuid: 9, modules: [], make: makesNothing, log: ignore, environment: {} },
    resolvePath: (path: string) => path,
  };
  return factory.create(factory.options.parse({ repos }), deps, signal);
}

function filesOf(contents: Readonly<Record<string, string>>): UploadFile[] {
  const folder = newFolder();
  return Object.entries(contents).map(([path, content]) => {
    const file = join(folder, path);
    writeFileSync(file, content);
    const sha256 = createHash('sha256').update(content).digest('hex');
    return { path, size: Buffer.byteLength(content), sha256, file };
  });
}

it('publishes a revision that the store of the plugin reads, the same for the same files', async () => {
  const repos = newFolder();
  const publisher = await publisherOver(repos);
  expect(await publisher.find(REPO, signal)).toBeUndefined();
  await publisher.create(REPO, 'private', signal);
  expect(await publisher.find(REPO, signal)).toEqual({ visibility: 'public' });
  const done: number[] = [];
  const files = filesOf({ 'config.json': '{}', 'model.safetensors': 'weights' });
  const reference = await publisher.upload(REPO, files, (progress) => done.push(progress.done), signal);
  expect(done).toEqual([2, 9]);
  expect(await publisher.upload(REPO, [...files].reverse(), ignore, signal)).toEqual(reference);
  const other = await publisher.upload(REPO, filesOf({ 'config.json': '{}' }), ignore, signal);
  expect(other.revision).not.toBe(reference.revision);
  const factory = plugin.provides.store;
  const source = await factory?.create({ repos }, { resolvePath: (path: string) => path } as never, signal);
  expect((await source?.list(reference, signal))?.files.map(({ path }) => path).sort()).toEqual([
    'config.json',
    'model.safetensors',
  ]);
  expect(readdirSync(repos)).toEqual(['alice']);
});

it('leaves nothing of an upload that ends in the middle', async () => {
  const repos = newFolder();
  const publisher = await publisherOver(repos);
  await publisher.create(REPO, 'public', signal);
  const abort = new AbortController();
  const files = filesOf({ 'a.json': '{}', 'b.json': '[]' });
  const upload = publisher.upload(
    REPO,
    files,
    () => {
      abort.abort();
    },
    abort.signal,
  );
  await expect(upload).rejects.toMatchObject({ name: 'AbortError' });
  expect(readdirSync(join(repos, 'alice', 'model'))).toEqual([]);
  expect(readdirSync(repos)).toEqual(['alice']);
});

it.each([
  { namespace: '..', name: 'out' },
  { namespace: 'alice', name: '../../out' },
])('has no repo called %j', async (repo) => {
  const publisher = await publisherOver(newFolder());
  await expect(publisher.create(repo, 'public', signal)).rejects.toMatchObject({
    code: 'REPOS_UNWRITABLE',
    fault: 'config',
  });
});

it.skipIf(process.getuid?.() === 0)('says that a folder can not be written to', async () => {
  const repos = newFolder();
  mkdirSync(repos, { recursive: true });
  chmodSync(repos, 0o555);
  const publisher = await publisherOver(repos);
  await expect(publisher.create(REPO, 'public', signal)).rejects.toMatchObject({ code: 'REPOS_UNWRITABLE' });
});
