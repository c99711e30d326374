import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ModelReference, RepoFile } from '@assay/core/contracts/model';
import { SnapshotFolder, type OpenFile } from '@assay/core/model/snapshot-folder';
import { newFolder } from './folders.js';

const HOUR = 3_600_000;
const never = new AbortController().signal;
const silent = (): void => undefined;
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

function model(name: string): ModelReference {
  return { namespace: 'miner', name, revision: 'a'.repeat(40) };
}

type Contents = Readonly<Record<string, string>>;

function listing(contents: Contents): RepoFile[] {
  return Object.entries(contents).map(([path, text]) => ({ path, size: Buffer.byteLength(text) }));
}

function sourceOf(contents: Contents): OpenFile {
  return async function* ({ path }) {
    const bytes = Buffer.from(contents[path] ?? '');
    yield bytes.subarray(0, 3);
    yield bytes.subarray(3);
  };
}

const add = async (folder: SnapshotFolder, name: string, contents: Contents): ReturnType<SnapshotFolder['add']> =>
  folder.add(model(name), listing(contents), sourceOf(contents), silent, never);

describe('SnapshotFolder', () => {
  it('keeps the files as real ones, hashed and in code-point order', async () => {
    const folder = await SnapshotFolder.open(newFolder());
    const stored = await add(folder, 'one', { 'model.safetensors': 'weights', 'config.json': '{}', 'B/x': 'deep' });
    expect(stored.files).toEqual([
      { path: 'B/x', size: 4, sha256: sha256('deep') },
      { path: 'config.json', size: 2, sha256: sha256('{}') },
      { path: 'model.safetensors', size: 7, sha256: sha256('weights') },
    ]);
    expect(readFileSync(join(stored.directory, 'B/x'), 'utf8')).toBe('deep');
    expect(lstatSync(join(stored.directory, 'config.json')).isFile()).toBe(true);
    expect(readdirSync(stored.directory).sort()).toEqual(['B', 'config.json', 'model.safetensors']);
    expect(await folder.stored(model('one'))).toEqual(stored);
    expect(await folder.stored(model('two'))).toBeUndefined();
  });

  it('takes in what its quota has room for, and again when room was made', async () => {
    const folder = await SnapshotFolder.open(newFolder(), undefined, 2_000);
    await add(folder, 'one', { 'config.json': 'a'.repeat(1_200) });
    const { bytes, freeBytes } = await folder.usage();
    expect(freeBytes).toBe(2_000 - bytes);
    const second = { 'config.json': 'b'.repeat(1_200) };
    await expect(add(folder, 'two', second)).rejects.toMatchObject({
      code: 'STORE_FULL',
      fault: 'validator',
      payload: { needed: 1_200, free: freeBytes },
    });
    expect(await folder.stored(model('two'))).toBeUndefined();
    await folder.prune([], 0, Date.now() + HOUR, never);
    expect((await add(folder, 'two', second)).files).toHaveLength(1);
  });

  it('stores equal content of several models once', async () => {
    const root = newFolder();
    const folder = await SnapshotFolder.open(root);
    const weights = 'w'.repeat(100_000);
    const one = await add(folder, 'one', { 'model.safetensors': weights, 'config.json': '{"a":1}' });
    const before = (await folder.usage()).bytes;
    const two = await add(folder, 'two', { 'model.safetensors': weights, 'config.json': '{"a":2}' });
    const inode = (directory: string): number => statSync(join(directory, 'model.safetensors')).ino;
    expect(inode(two.directory)).toBe(inode(one.directory));
    const { bytes, models, freeBytes } = await folder.usage();
    expect(models).toBe(2);
    expect(bytes - before).toBeLessThan(1000);
    expect(freeBytes).toBeGreaterThan(0);
  });

  it.each([
    ['fewer', 9, 8],
    ['more', 7, 8],
  ])('refuses %s bytes than listed', async (_name, size, received) => {
    const root = newFolder();
    const folder = await SnapshotFolder.open(root);
    const adding = folder.add(
      model('one'),
      [{ path: 'config.json', size }],
      sourceOf({ 'config.json': '12345678' }),
      silent,
      never,
    );
    await expect(adding).rejects.toMatchObject({
      code: 'FILE_SIZE_DIFFERS',
      fault: 'network',
      payload: { expected: size, received },
    });
    expect(await folder.stored(model('one'))).toBeUndefined();
    expect(readdirSync(join(root, 'drafts'))).toEqual([]);
  });

  it('stops reading a source that never ends', async () => {
    const folder = await SnapshotFolder.open(newFolder());
    let chunks = 0;
    const endless: OpenFile = async function* () {
      for (;;) yield Buffer.alloc(1024, (chunks += 1));
    };
    await expect(folder.add(model('one'), [{ path: 'x', size: 2000 }], endless, silent, never)).rejects.toMatchObject({
      code: 'FILE_SIZE_DIFFERS',
    });
    expect(chunks).toBe(2);
  });

  it.each([
    '../x',
    'a/../x',
    '/etc/x',
    'a//b',
    './x',
    '',
    'a/',
    '..',
    'C:\\x',
    'a\\b',
    'a\nb',
    'a\0b',
    'ü',
    'a b',
    'x'.repeat(256),
    'a/b/c/d/e/f/g/h/i',
  ])('refuses the file name %j', async (path) => {
    const root = newFolder();
    const folder = await SnapshotFolder.open(join(root, 'store'));
    const adding = folder.add(model('one'), [{ path, size: 1 }], sourceOf({ [path]: 'x' }), silent, never);
    await expect(adding).rejects.toMatchObject({ code: 'FILE_NAME_REFUSED', fault: 'miner' });
    expect(readdirSync(root)).toEqual(['store']);
  });

  it.each([
    ['that differ in case alone', ['config.json', 'Config.json']],
    ['that are equal', ['a', 'a']],
    ['of which one is the folder of the other', ['a/b', 'a']],
    ['of which one is the folder of the other, whatever the case', ['A', 'a/b/c']],
  ])('refuses names %s', async (_name, paths) => {
    const folder = await SnapshotFolder.open(newFolder());
    const files = paths.map((path) => ({ path, size: 1 }));
    await expect(folder.add(model('one'), files, sourceOf({}), silent, never)).rejects.toMatchObject({
      code: 'FILE_NAME_REFUSED',
    });
  });

  it.each(['..', '.', '', 'a/b', '../../x', 'a\\b'])('refuses the repo name %j', async (name) => {
    const folder = await SnapshotFolder.open(newFolder());
    await expect(folder.stored(model(name))).rejects.toMatchObject({ code: 'FILE_NAME_REFUSED' });
    await expect(add(folder, name, { x: 'x' })).rejects.toMatchObject({ code: 'FILE_NAME_REFUSED' });
  });

  it('does not begin what cannot fit', async () => {
    const folder = await SnapshotFolder.open(newFolder());
    const files = [{ path: 'model.safetensors', size: 2 ** 52 }];
    const unread: OpenFile = () => {
      throw new Error('nothing may be read');
    };
    await expect(folder.add(model('one'), files, unread, silent, never)).rejects.toMatchObject({
      code: 'STORE_FULL',
      fault: 'validator',
    });
  });

  it('leaves the error of a source as it is', async () => {
    const folder = await SnapshotFolder.open(newFolder());
    const broken = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET', syscall: 'read' });
    const source: OpenFile = async function* () {
      yield Buffer.from('x');
      throw broken;
    };
    await expect(folder.add(model('one'), [{ path: 'x', size: 5 }], source, silent, never)).rejects.toBe(broken);
  });

  it('stops in the middle when aborted, leaving nothing', async () => {
    const root = newFolder();
    const folder = await SnapshotFolder.open(root);
    const controller = new AbortController();
    const reason = new Error('stop');
    const source: OpenFile = async function* () {
      yield Buffer.from('x');
      controller.abort(reason);
      yield Buffer.from('y');
    };
    await expect(folder.add(model('one'), [{ path: 'x', size: 2 }], source, silent, controller.signal)).rejects.toBe(
      reason,
    );
    expect(await folder.stored(model('one'))).toBeUndefined();
    expect(readdirSync(join(root, 'drafts'))).toEqual([]);
  });

  it('fetches a model once when it is asked for many times at once', async () => {
    const folder = await SnapshotFolder.open(newFolder());
    const contents = { 'config.json': '{}', x: 'xyz' };
    let opened = 0;
    const counting: OpenFile = (file, signal) => {
      opened += 1;
      return sourceOf(contents)(file, signal);
    };
    const stored = await Promise.all(
      Array.from({ length: 8 }, async () => folder.add(model('one'), listing(contents), counting, silent, never)),
    );
    expect(opened).toBe(2);
    expect(new Set(stored.map(({ directory }) => directory)).size).toBe(1);
  });

  it('replaces a model of other files by exactly the ones asked for', async () => {
    const folder = await SnapshotFolder.open(newFolder());
    await add(folder, 'one', { a: '1', b: '2' });
    const { directory } = await add(folder, 'one', { b: '2', c: '3' });
    expect(readdirSync(directory).sort()).toEqual(['b', 'c']);
  });

  it.each<[string, (folder: string) => void]>([
    [
      'lacks bytes',
      (folder) => {
        truncateSync(join(folder, 'files/config.json'), 1);
      },
    ],
    [
      'has a manifest that is no JSON',
      (folder) => {
        writeFileSync(join(folder, 'manifest.json'), '{"refe');
      },
    ],
    [
      'has a manifest of another shape',
      (folder) => {
        writeFileSync(join(folder, 'manifest.json'), '{}');
      },
    ],
  ])('takes a model that %s for absent and fetches it again', async (_name, damage) => {
    const root = newFolder();
    const folder = await SnapshotFolder.open(root);
    const contents = { 'config.json': '{"a":1}' };
    await add(folder, 'one', contents);
    damage(join(root, 'models/miner/one', 'a'.repeat(40)));
    expect(await folder.stored(model('one'))).toBeUndefined();
    const { directory } = await add(folder, 'one', contents);
    expect(readFileSync(join(directory, 'config.json'), 'utf8')).toBe('{"a":1}');
  });

  it('throws away what dead processes left, not what living ones are at', async () => {
    const root = newFolder();
    await SnapshotFolder.open(root);
    const drafts = join(root, 'drafts');
    const [dead, earlier, living] = ['999999999.x.y', `${process.pid}.earlier-run.y`, `${process.ppid}.x.y`];
    for (const name of [dead, earlier, living, 'else']) mkdirSync(join(drafts, name));
    await SnapshotFolder.open(root);
    expect(readdirSync(drafts)).toEqual([living]);
  });
});

it.skipIf(process.platform !== 'linux')(
  'throws away drafts of a dead process whose id another one has now',
  async () => {
    const root = newFolder();
    await SnapshotFolder.open(root);
    const drafts = join(root, 'drafts');
    mkdirSync(join(drafts, `${process.ppid}.started-1.x`));
    await SnapshotFolder.open(root);
    expect(readdirSync(drafts)).toEqual([]);
  },
);

describe('SnapshotFolder, when a stored file has changed on disk', () => {
  it('fetches a discarded model again, and links none of the changed content', async () => {
    const folder = await SnapshotFolder.open(newFolder());
    const contents = { 'model.safetensors': 'weights' };
    const stored = await add(folder, 'one', contents);
    writeFileSync(join(stored.directory, 'model.safetensors'), 'Weights');
    await folder.discard(model('one'));
    expect(await folder.stored(model('one'))).toBeUndefined();
    const again = await add(folder, 'one', contents);
    expect(readFileSync(join(again.directory, 'model.safetensors'), 'utf8')).toBe('weights');
  });

  it('does not spread it to another model of the same content', async () => {
    const root = newFolder();
    const folder = await SnapshotFolder.open(root);
    const contents = { 'model.safetensors': 'weights' };
    const first = await add(folder, 'one', contents);
    writeFileSync(join(first.directory, 'model.safetensors'), 'Weights');
    const [second, third] = [await add(folder, 'two', contents), await add(folder, 'three', contents)];
    for (const { directory } of [second, third])
      expect(readFileSync(join(directory, 'model.safetensors'), 'utf8')).toBe('weights');
    const [two, three] = [second, third].map(({ directory }) => statSync(join(directory, 'model.safetensors')).ino);
    expect(two).toBe(three);
  });
});

describe('SnapshotFolder.prune', () => {
  it('drops what is neither kept nor young, and content that nobody else has', async () => {
    const root = newFolder();
    const folder = await SnapshotFolder.open(root);
    const shared = 's'.repeat(5000);
    for (const name of ['kept', 'old', 'young']) await add(folder, name, { shared, own: name.repeat(100) });
    const manifest = (name: string): string => join(root, 'models/miner', name, 'a'.repeat(40), 'manifest.json');
    const now = Date.now() + 2 * HOUR;
    for (const name of ['kept', 'old']) utimesSync(manifest(name), new Date(now - 2 * HOUR), new Date(now - 2 * HOUR));
    utimesSync(manifest('young'), new Date(now - HOUR / 2), new Date(now - HOUR / 2));
    const before = await folder.usage();

    const { removed, freedBytes } = await folder.prune([model('kept')], HOUR, now, never);

    expect(removed).toEqual([model('old')]);
    const after = await folder.usage();
    expect(freedBytes).toBe(before.bytes - after.bytes);
    expect(freedBytes).toBeGreaterThanOrEqual(300);
    expect(freedBytes).toBeLessThan(5000);
    expect(existsSync(join(root, 'models/miner/old'))).toBe(false);
    expect(readdirSync(join(root, 'blobs')).sort()).toEqual(
      [shared, 'kept'.repeat(100), 'young'.repeat(100)].map(sha256).sort(),
    );
    const kept = await folder.stored(model('kept'));
    expect(readFileSync(join(kept?.directory ?? '', 'shared'), 'utf8')).toBe(shared);
  });

  it('keeps all that is younger than the grace', async () => {
    const folder = await SnapshotFolder.open(newFolder());
    await add(folder, 'one', { x: 'x' });
    expect(await folder.prune([], HOUR, Date.now(), never)).toEqual({ removed: [], freedBytes: 0 });
  });

  it('is not troubled by what does not belong there', async () => {
    const root = newFolder();
    const folder = await SnapshotFolder.open(root);
    mkdirSync(join(root, 'models/lost+found/x/y'), { recursive: true });
    mkdirSync(join(root, 'models/miner/half/gone'), { recursive: true });
    writeFileSync(join(root, 'models/note.txt'), 'x');
    const { removed } = await folder.prune([], 0, Date.now() + HOUR, never);
    expect(removed).toEqual([{ namespace: 'miner', name: 'half', revision: 'gone' }]);
    expect((await folder.usage()).models).toBe(0);
  });

  it('beside fetches that go on, loses nothing of theirs', async () => {
    const folder = await SnapshotFolder.open(newFolder());
    const contents = { shared: 's'.repeat(2000), x: 'y' };
    const pruning = async (): Promise<void> => {
      for (let count = 0; count < 20; count += 1) await folder.prune([], HOUR, Date.now(), never);
    };
    const fetching = Array.from({ length: 20 }, async (_none, index) => add(folder, `m${index}`, contents));
    await Promise.all([...fetching, pruning()]);
    for (let index = 0; index < 20; index += 1) {
      const stored = await folder.stored(model(`m${index}`));
      expect(readFileSync(join(stored?.directory ?? '', 'shared'), 'utf8')).toBe(contents.shared);
    }
  });
});
