import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newFolder } from '../folders.js';
import { kept as scene, listing, model, never, texts, whole, type Open } from './scene.js';

const HOUR = 3_600_000;
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('ModelKeeper', () => {
  it('keeps the files as real ones, hashed and in code-point order', async () => {
    const { keeper, add } = await scene();
    const stored = await add('one', { 'model.safetensors': 'weights', 'config.json': '{}', 'B/x': 'deep' });
    expect(stored.files).toEqual([
      { path: 'B/x', size: 4, sha256: sha256('deep') },
      { path: 'config.json', size: 2, sha256: sha256('{}') },
      { path: 'model.safetensors', size: 7, sha256: sha256('weights') },
    ]);
    expect(readFileSync(join(stored.directory, 'B/x'), 'utf8')).toBe('deep');
    expect(lstatSync(join(stored.directory, 'config.json')).isFile()).toBe(true);
    expect(readdirSync(stored.directory).sort()).toEqual(['B', 'config.json', 'model.safetensors']);
    expect(await keeper.stored(model('one'))).toEqual(stored);
    expect(await keeper.stored(model('two'))).toBeUndefined();
  });

  it('takes in what its quota has room for, and again when room was made', async () => {
    const { keeper, add } = await scene({ maxBytes: 2_400 });
    await add('one', { 'config.json': 'a'.repeat(1_200) });
    await keeper.keep([model('one')]);
    const { bytes, freeBytes } = await keeper.usage();
    expect(freeBytes).toBe(2_400 - bytes);
    const second = { 'config.json': 'b'.repeat(1_200) };
    await expect(add('two', second)).rejects.toMatchObject({
      code: 'STORE_FULL',
      fault: 'validator',
      payload: { needed: 1_200, free: freeBytes },
    });
    expect(await keeper.stored(model('two'))).toBeUndefined();
    await keeper.keep([]);
    await keeper.prune(0, never);
    expect((await add('two', second)).files).toHaveLength(1);
  });

  it('stores equal content of several models once', async () => {
    const root = newFolder();
    const { keeper, add } = await scene({}, root);
    const weights = 'w'.repeat(100_000);
    const one = await add('one', { 'model.safetensors': weights, 'config.json': '{"a":1}' });
    const before = (await keeper.usage()).bytes;
    const two = await add('two', { 'model.safetensors': weights, 'config.json': '{"a":2}' });
    const inode = (directory: string): number => statSync(join(directory, 'model.safetensors')).ino;
    expect(inode(two.directory)).toBe(inode(one.directory));
    const { bytes, models, freeBytes } = await keeper.usage();
    expect(models).toBe(2);
    expect(bytes - before).toBeLessThan(1000);
    expect(freeBytes).toBeGreaterThan(0);
  });

  it.each([
    ['fewer', 9, 8],
    ['more', 7, 8],
  ])('refuses %s bytes than listed', async (_name, size, received) => {
    const root = newFolder();
    const { keeper, fetch } = await scene({}, root);
    const adding = fetch('one', [{ path: 'config.json', size }], texts({ 'config.json': '12345678' }));
    await expect(adding).rejects.toMatchObject({
      code: 'FILE_SIZE_DIFFERS',
      fault: 'network',
      payload: { expected: size, received },
    });
    expect(await keeper.stored(model('one'))).toBeUndefined();
    expect(readdirSync(join(root, 'drafts'))).toEqual([]);
  });

  it('stops reading a source that never ends', async () => {
    const { fetch } = await scene();
    let chunks = 0;
    const endless = whole(async function* () {
      for (;;) yield Buffer.alloc(1024, (chunks += 1));
    });
    await expect(fetch('one', [{ path: 'x', size: 2000 }], endless)).rejects.toMatchObject({
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
    'a/'.repeat(1000) + 'x',
    'x'.repeat(4096),
    'C:x',
    'NUL',
    'aux.safetensors',
    'sub/COM1',
    'model.safetensors.',
    'model.safetensors ',
    'e\u0301.json',
    'gpj.\u202enosj',
  ])('refuses the file name %j', async (path) => {
    const root = newFolder();
    const { fetch } = await scene({}, join(root, 'store'));
    const adding = fetch('one', [{ path, size: 1 }], texts({ [path]: 'x' }));
    await expect(adding).rejects.toMatchObject({ code: 'FILE_NAME_REFUSED', fault: 'miner' });
    expect(readdirSync(root)).toEqual(['store']);
  });

  it.each([
    ['that differ in case alone', ['config.json', 'Config.json']],
    ['that are equal', ['a', 'a']],
    ['of which one is the folder of the other', ['a/b', 'a']],
    ['of which one is the folder of the other, whatever the case', ['A', 'a/b/c']],
  ])('refuses names %s', async (_name, paths) => {
    const { fetch } = await scene();
    const files = paths.map((path) => ({ path, size: 1 }));
    await expect(fetch('one', files, texts({}))).rejects.toMatchObject({
      code: 'FILE_NAME_REFUSED',
    });
  });

  it.each(['..', '.', '', 'a/b', '../../x', 'a\\b'])('refuses the repo name %j', async (name) => {
    const { keeper, add } = await scene();
    await expect(keeper.stored(model(name))).rejects.toMatchObject({ code: 'FILE_NAME_REFUSED' });
    await expect(add(name, { x: 'x' })).rejects.toMatchObject({ code: 'FILE_NAME_REFUSED' });
  });

  it('does not begin what cannot fit', async () => {
    const { fetch } = await scene();
    const files = [{ path: 'model.safetensors', size: 2 ** 52 }];
    const unread = (): never => {
      throw new Error('nothing may be read');
    };
    await expect(fetch('one', files, unread)).rejects.toMatchObject({
      code: 'STORE_FULL',
      fault: 'validator',
    });
  });

  it('takes an error of the system that comes from a source for the network’s', async () => {
    const { fetch } = await scene({ attempts: 3 });
    const broken = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET', syscall: 'read' });
    const source = whole(async function* () {
      yield Buffer.from('x');
      throw broken;
    });
    await expect(fetch('one', [{ path: 'x', size: 5 }], source)).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      fault: 'network',
      cause: broken,
    });
  });

  it.each([Number.NaN, -1, 1.5, 2 ** 53, Number.POSITIVE_INFINITY])(
    'refuses a list of a source in which a file has %d bytes',
    async (size) => {
      const { keeper, source } = await scene();
      for (const listing of [
        { files: [{ path: 'x', size }], totalBytes: 1 },
        { files: [], totalBytes: size },
      ]) {
        source.list = () => Promise.resolve(listing);
        await expect(keeper.list(model('one'), never)).rejects.toMatchObject({
          code: 'SOURCE_ANSWER_INVALID',
          fault: 'network',
        });
      }
    },
  );

  it('leaves any other error of a source as it is', async () => {
    const { fetch } = await scene();
    const broken = new Error('a fault of the plugin');
    const source = whole(async function* () {
      yield Buffer.from('x');
      throw broken;
    });
    await expect(fetch('one', [{ path: 'x', size: 5 }], source)).rejects.toBe(broken);
  });

  it('stops in the middle when aborted, leaving nothing', async () => {
    const root = newFolder();
    const { keeper, fetch } = await scene({}, root);
    const controller = new AbortController();
    const reason = new Error('stop');
    const source = whole(async function* () {
      yield Buffer.from('x');
      controller.abort(reason);
      yield Buffer.from('y');
    });
    await expect(fetch('one', [{ path: 'x', size: 2 }], source, controller.signal)).rejects.toBe(reason);
    expect(await keeper.stored(model('one'))).toBeUndefined();
    expect(readdirSync(join(root, 'drafts'))).toEqual([]);
  });

  it('fetches a model once when it is asked for many times at once', async () => {
    const { fetch } = await scene();
    const contents = { 'config.json': '{}', x: 'xyz' };
    let opened = 0;
    const counting: Open = (...asked) => {
      opened += 1;
      return texts(contents)(...asked);
    };
    const stored = await Promise.all(Array.from({ length: 8 }, async () => fetch('one', listing(contents), counting)));
    expect(opened).toBe(2);
    expect(new Set(stored.map(({ directory }) => directory)).size).toBe(1);
  });

  it('replaces a model of other files by exactly the ones asked for', async () => {
    const { add } = await scene();
    await add('one', { a: '1', b: '2' });
    const { directory } = await add('one', { b: '2', c: '3' });
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
    const { keeper, add } = await scene({}, root);
    const contents = { 'config.json': '{"a":1}' };
    await add('one', contents);
    damage(join(root, 'models/miner/one', 'a'.repeat(40)));
    expect(await keeper.stored(model('one'))).toBeUndefined();
    const { directory } = await add('one', contents);
    expect(readFileSync(join(directory, 'config.json'), 'utf8')).toBe('{"a":1}');
  });

  it('throws away what dead processes left, not what living ones are at', async () => {
    const root = newFolder();
    await scene({}, root);
    const drafts = join(root, 'drafts');
    const [dead, earlier, living] = ['999999999.x.y', `${process.pid}.earlier-run.y`, `${process.ppid}.x.y`];
    for (const name of [dead, earlier, living, 'else']) mkdirSync(join(drafts, name));
    await scene({}, root);
    expect(readdirSync(drafts)).toEqual([living]);
  });
});

it.skipIf(process.platform !== 'linux')(
  'throws away drafts of a dead process whose id another one has now',
  async () => {
    const root = newFolder();
    await scene({}, root);
    const drafts = join(root, 'drafts');
    mkdirSync(join(drafts, `${process.ppid}.started-1.x`));
    await scene({}, root);
    expect(readdirSync(drafts)).toEqual([]);
  },
);

describe('ModelKeeper, when a stored file has changed on disk', () => {
  it('fetches a discarded model again, and links none of the changed content', async () => {
    const { keeper, add } = await scene();
    const contents = { 'model.safetensors': 'weights' };
    const stored = await add('one', contents);
    writeFileSync(join(stored.directory, 'model.safetensors'), 'Weights');
    await keeper.discard(model('one'));
    expect(await keeper.stored(model('one'))).toBeUndefined();
    const again = await add('one', contents);
    expect(readFileSync(join(again.directory, 'model.safetensors'), 'utf8')).toBe('weights');
  });

  it('does not spread it to another model of the same content', async () => {
    const root = newFolder();
    const { add } = await scene({}, root);
    const contents = { 'model.safetensors': 'weights' };
    const first = await add('one', contents);
    writeFileSync(join(first.directory, 'model.safetensors'), 'Weights');
    const [second, third] = [await add('two', contents), await add('three', contents)];
    for (const { directory } of [second, third])
      expect(readFileSync(join(directory, 'model.safetensors'), 'utf8')).toBe('weights');
    const [two, three] = [second, third].map(({ directory }) => statSync(join(directory, 'model.safetensors')).ino);
    expect(two).toBe(three);
  });
});

describe('ModelKeeper.prune', () => {
  it('drops what is neither kept nor young, and content that nobody else has', async () => {
    const root = newFolder();
    const { keeper, add, clock } = await scene({}, root);
    const shared = 's'.repeat(5000);
    for (const name of ['kept', 'old']) await add(name, { shared, own: name.repeat(100) });
    clock.lead = 1.5 * HOUR;
    await add('young', { shared, own: 'young'.repeat(100) });
    clock.lead = 2 * HOUR;
    await keeper.keep([model('kept')]);
    const before = await keeper.usage();

    const { removed, freedBytes } = await keeper.prune(HOUR, never);

    expect(removed).toEqual([model('old')]);
    const after = await keeper.usage();
    expect(freedBytes).toBe(before.bytes - after.bytes);
    expect(freedBytes).toBeGreaterThanOrEqual(300);
    expect(freedBytes).toBeLessThan(5000);
    expect(existsSync(join(root, 'models/miner/old'))).toBe(false);
    expect(readdirSync(join(root, 'blobs')).sort()).toEqual(
      [shared, 'kept'.repeat(100), 'young'.repeat(100)].map(sha256).sort(),
    );
    const kept = await keeper.stored(model('kept'));
    expect(readFileSync(join(kept?.directory ?? '', 'shared'), 'utf8')).toBe(shared);
  });

  it('keeps all that is younger than the grace', async () => {
    const { keeper, add } = await scene();
    await add('one', { x: 'x' });
    expect(await keeper.prune(HOUR, never)).toEqual({ removed: [], freedBytes: 0 });
  });

  it('is not troubled by what does not belong there', async () => {
    const root = newFolder();
    const { keeper } = await scene({}, root);
    mkdirSync(join(root, 'models/lost+found/x/y'), { recursive: true });
    mkdirSync(join(root, 'models/miner/half/gone'), { recursive: true });
    writeFileSync(join(root, 'models/note.txt'), 'x');
    const { removed } = await keeper.prune(0, never);
    expect(removed).toEqual([{ namespace: 'miner', name: 'half', revision: 'gone' }]);
    expect((await keeper.usage()).models).toBe(0);
  });

  it('beside fetches that go on, loses nothing of theirs', async () => {
    const { keeper, add } = await scene();
    const contents = { shared: 's'.repeat(2000), x: 'y' };
    const pruning = async (): Promise<void> => {
      for (let count = 0; count < 20; count += 1) await keeper.prune(HOUR, never);
    };
    const fetching = Array.from({ length: 20 }, async (_none, index) => add(`m${index}`, contents));
    await Promise.all([...fetching, pruning()]);
    for (let index = 0; index < 20; index += 1) {
      const stored = await keeper.stored(model(`m${index}`));
      expect(readFileSync(join(stored?.directory ?? '', 'shared'), 'utf8')).toBe(contents.shared);
    }
  });
});
