import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ModelReference, RepoFile } from '@assay/core/contracts/model';
import type { ModelStore } from '@assay/core/contracts/model-store';
import { ModelKeeper } from '@assay/core/model/store/keeper';
import { systemClock } from '@assay/core/runtime/system-clock';
import { makesNothing } from '@assay/core/testing/makes-nothing';
import localFiles from '@assay/plugin-local-files';

const never = new AbortController().signal;
const silent = (): void => undefined;
const REVISION = '0123456789abcdef0123456789abcdef01234567';
const reference: ModelReference = { namespace: 'miner', name: 'llama', revision: REVISION };

interface Scene {
  /** The plugin's own check before a run, with another folder of repos. */
  check: (repos: string) => Promise<void> | undefined;
  folder: string;
  /** Files of the revision. */
  repo: string;
  store: ModelStore;
}

async function scene(): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-local-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const repo = join(folder, 'repos', 'miner', 'llama', REVISION);
  mkdirSync(join(repo, 'sub'), { recursive: true });
  writeFileSync(join(repo, 'config.json'), '{}');
  writeFileSync(join(repo, 'sub', 'notes'), 'deep');
  const deps = {
    clock: systemClock,
    dataDir: join(folder, 'data'),
    netuid: 9,
    modules: [],
    make: makesNothing,
    environment: {},
    log: silent,
    resolvePath: (path: string) => join(folder, path),
  };
  const provided = localFiles.provides.store;
  if (!provided) throw new Error('local-files provides a store');
  const source = await provided.create({ repos: 'repos' }, deps, never);
  const directory = join(folder, 'data', 'models');
  const check = (repos: string): Promise<void> | undefined => provided.check?.({ repos }, deps, never);
  return { check, folder, repo, store: await ModelKeeper.open({ directory }, { source, clock: systemClock }) };
}

describe('the folder of repos, kept by the core', () => {
  it('lists every file below the revision, fetches and forgets', async () => {
    const { store, folder } = await scene();
    const { files, totalBytes } = await store.list(reference, never);
    expect([...files].sort((a, b) => (a.path < b.path ? -1 : 1))).toEqual([
      { path: 'config.json', size: 2 },
      { path: 'sub/notes', size: 4 },
    ]);
    expect(totalBytes).toBe(6);
    const stored = await store.fetch(reference, files, silent, never);
    expect(stored.directory).toBe(join(folder, 'data/models/models/miner/llama', REVISION, 'files'));
    expect(readFileSync(join(stored.directory, 'sub/notes'), 'utf8')).toBe('deep');
    expect(await store.stored(reference)).toEqual(stored);
    await store.keep([reference]);
    expect(await store.prune(0, never)).toMatchObject({ removed: [] });
    await store.keep([]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await store.prune(0, never)).toMatchObject({ removed: [reference] });
    expect(await store.stored(reference)).toBeUndefined();
    expect(await store.usage()).toMatchObject({ models: 0, bytes: 0 });
  });

  it('reads a small file whole and no larger one', async () => {
    const { store } = await scene();
    expect(Buffer.from(await store.read(reference, { path: 'sub/notes', size: 4 }, 4, never)).toString()).toBe('deep');
    await expect(store.read(reference, { path: 'sub/notes', size: 4 }, 3, never)).rejects.toMatchObject({
      code: 'FILE_TOO_LARGE',
      fault: 'miner',
    });
  });

  it.each<[Partial<ModelReference>, string]>([
    [{ name: 'other' }, 'REPO_NOT_FOUND'],
    [{ namespace: 'other' }, 'REPO_NOT_FOUND'],
    [{ namespace: '..' }, 'REPO_NOT_FOUND'],
    [{ namespace: '.', name: 'miner' }, 'REPO_NOT_FOUND'],
    [{ name: 'llama/..' }, 'REPO_NOT_FOUND'],
    [{ name: 'x'.repeat(5000) }, 'REPO_NOT_FOUND'],
    [{ name: 'a\0b' }, 'REPO_NOT_FOUND'],
    [{ revision: 'f'.repeat(40) }, 'REVISION_NOT_FOUND'],
    [{ revision: 'main' }, 'REVISION_NOT_FOUND'],
    [{ revision: REVISION.toUpperCase() }, 'REVISION_NOT_FOUND'],
    [{ revision: '..' }, 'REVISION_NOT_FOUND'],
  ])('blames the miner for %j', async (change, code) => {
    const { store } = await scene();
    const wanted = { ...reference, ...change };
    const refusal = { code, fault: 'miner', retry: 'grace' };
    await expect(store.list(wanted, never)).rejects.toMatchObject(refusal);
    await expect(store.read(wanted, { path: 'config.json', size: 2 }, 10, never)).rejects.toMatchObject(refusal);
    const fetched = store.fetch(wanted, [{ path: 'config.json', size: 2 }], silent, never);
    // A name that can't be a folder is refused before the source is asked.
    const codes = [code, 'FILE_NAME_REFUSED'];
    const found: unknown = await fetched.catch((error: unknown) => error);
    expect(found).toMatchObject({ fault: 'miner' });
    expect(codes).toContain(Reflect.get(Object(found), 'code'));
  });

  it.each(['missing', '../config.json', '/etc/passwd', 'sub', 'sub/../config.json', 'a\0b', '', 'x'.repeat(5000)])(
    'blames the miner for the file %j',
    async (path) => {
      const { store } = await scene();
      await expect(store.read(reference, { path, size: 10 }, 10, never)).rejects.toMatchObject({
        code: 'FILE_NOT_FOUND',
        fault: 'miner',
      });
    },
  );

  it.each<[string, (repo: string, folder: string) => void]>([
    [
      'a link to a file',
      (repo) => {
        symlinkSync('/etc/passwd', join(repo, 'model.safetensors'));
      },
    ],
    [
      'a link to a folder',
      (repo) => {
        symlinkSync('/etc', join(repo, 'etc'));
      },
    ],
    [
      'a link that leads nowhere',
      (repo) => {
        symlinkSync('nowhere', join(repo, 'x'));
      },
    ],
    [
      'a link inside the repo',
      (repo) => {
        symlinkSync('config.json', join(repo, 'x'));
      },
    ],
    [
      'a pipe',
      (repo) => {
        execFileSync('mkfifo', [join(repo, 'pipe')]);
      },
    ],
    [
      'folders without end',
      (repo) => {
        mkdirSync(join(repo, 'a/'.repeat(30)), { recursive: true });
      },
    ],
  ])('refuses a repo with %s', async (_name, change) => {
    const { store, repo, folder } = await scene();
    change(repo, folder);
    await expect(store.list(reference, never)).rejects.toMatchObject({ code: 'FILE_NAME_REFUSED', fault: 'miner' });
  });

  it('refuses more files than a model has', async () => {
    const { store, repo } = await scene();
    execFileSync('sh', ['-c', 'seq 10001 | xargs touch'], { cwd: repo });
    await expect(store.list(reference, never)).rejects.toMatchObject({ code: 'TOO_MANY_FILES', fault: 'miner' });
  });

  it.each(['miner', 'miner/llama', `miner/llama/${REVISION}`])('follows no link at %s', async (path) => {
    const { store, folder } = await scene();
    const there = join(folder, 'repos', path);
    renameSync(there, join(folder, 'elsewhere'));
    symlinkSync(join(folder, 'elsewhere'), there);
    await expect(store.list(reference, never)).rejects.toMatchObject({ fault: 'miner', retry: 'grace' });
  });

  it.each<[string, (file: string) => void, string]>([
    [
      'a link',
      (file) => {
        rmSync(file);
        symlinkSync('/etc/passwd', file);
      },
      'FILE_NAME_REFUSED',
    ],
    [
      'a pipe',
      (file) => {
        rmSync(file);
        execFileSync('mkfifo', [file]);
      },
      'FILE_NAME_REFUSED',
    ],
    [
      'longer',
      (file) => {
        writeFileSync(file, 'x'.repeat(3_000_000));
      },
      'FILE_SIZE_DIFFERS',
    ],
    [
      'shorter',
      (file) => {
        writeFileSync(file, 'x');
      },
      'FILE_SIZE_DIFFERS',
    ],
  ])('stores nothing of a file that has become %s since it was listed', async (_name, change, code) => {
    const { store, repo } = await scene();
    const { files } = await store.list(reference, never);
    change(join(repo, 'config.json'));
    await expect(store.fetch(reference, files, silent, never)).rejects.toMatchObject({ code });
    expect(await store.stored(reference)).toBeUndefined();
  });

  it('takes the blame off the miners when the folder of repos is gone', async () => {
    const { store, folder } = await scene();
    rmSync(join(folder, 'repos'), { recursive: true });
    await expect(store.list(reference, never)).rejects.toMatchObject({
      code: 'REPOS_UNREADABLE',
      fault: 'validator',
      retry: 'backoff',
    });
  });

  it.each([
    ['repos', undefined],
    ['nowhere', 'REPOS_UNREADABLE'],
    ['repos/miner/llama/' + REVISION + '/config.json', 'REPOS_UNREADABLE'],
  ])('is looked for before a run: %s', async (repos, code) => {
    const { check } = await scene();
    expect(await check(repos)?.catch((error: unknown) => error)).toEqual(code && expect.objectContaining({ code }));
  });

  it('has repos of a registry below its name, however deep', async () => {
    const { store, folder } = await scene();
    const digest = `sha256:${'5'.repeat(64)}`;
    const image = { source: 'oci', namespace: 'registry.example/team/models', name: 'llama', revision: digest };
    const repo = join(folder, 'repos', 'oci', 'registry.example', 'team', 'models', 'llama', digest);
    mkdirSync(repo, { recursive: true });
    writeFileSync(join(repo, 'config.json'), '{"deep":1}');
    const { files } = await store.list(image, never);
    expect(files).toEqual([{ path: 'config.json', size: 10 }]);
    const stored = await store.fetch(image, files, silent, never);
    expect(await store.stored(image)).toEqual(stored);
    expect(await store.usage()).toMatchObject({ models: 1 });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await store.prune(0, never)).toMatchObject({ removed: [image] });
    for (const change of [{ revision: REVISION }, { namespace: 'registry.example/team/../models' }, { namespace: '' }])
      await expect(store.list({ ...image, ...change }, never)).rejects.toMatchObject({
        fault: 'miner',
        retry: 'grace',
      });
  });

  it('asks the source for nothing of a kind that it does not have', async () => {
    const { store } = await scene();
    await expect(store.list({ ...reference, source: 'ipfs' }, never)).rejects.toMatchObject({
      code: 'SOURCE_NOT_SERVED',
      fault: 'config',
      retry: 'next-round',
    });
  });

  it('stores equal files of two repos once', async () => {
    const { store, folder, repo } = await scene();
    writeFileSync(join(repo, 'model.safetensors'), Buffer.alloc(500_000, 7));
    cpSync(join(folder, 'repos/miner'), join(folder, 'repos/copycat'), { recursive: true });
    const files: RepoFile[] = [{ path: 'model.safetensors', size: 500_000 }];
    await store.fetch(reference, files, silent, never);
    const { bytes } = await store.usage();
    await store.fetch({ ...reference, namespace: 'copycat' }, files, silent, never);
    expect((await store.usage()).bytes).toBeLessThan(bytes + 1000);
  });
});
