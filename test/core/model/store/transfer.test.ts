import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ByteRange, FetchProgress, OpenedFile } from '@assay/core/contracts/model-store';
import type { RepoFile } from '@assay/core/contracts/model';
import { storeErrors } from '@assay/core/model/errors';
import { newFolder } from '../folders.js';
import { kept, never, type Kept, type Open } from './scene.js';

const MIB = 1024 ** 2;
const CONTENT = randomBytes(3 * MIB + 17);
const SHA256 = createHash('sha256').update(CONTENT).digest('hex');
const GIT_OID = createHash('sha1').update(`blob ${CONTENT.length}\0`).update(CONTENT).digest('hex');
const FILE: RepoFile = { path: 'model.safetensors', size: CONTENT.length, sha256: SHA256 };
const PARTS = { rangeBytes: 300_000 };

/** Serves ranges of the content, each as `serve` says, and writes down what it was asked. */
function server(
  serve: (bytes: Buffer, nth: number) => AsyncIterable<Uint8Array> | Iterable<Uint8Array> = chunks,
  named: Partial<OpenedFile> = {},
): { open: Open; asked: ByteRange[]; atOnce: () => number; sent: () => number } {
  const asked: ByteRange[] = [];
  let now = 0;
  let most = 0;
  let sent = 0;
  async function* counted(parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    now += 1;
    most = Math.max(most, now);
    try {
      for await (const part of parts) {
        sent += part.length;
        yield part;
      }
    } finally {
      now -= 1;
    }
  }
  const open: Open = (_file, range) => {
    asked.push(range);
    const bytes = counted(serve(CONTENT.subarray(range.start, range.end), asked.length - 1));
    return Promise.resolve({ start: range.start, bytes, ...named });
  };
  return { open, asked, atOnce: () => most, sent: () => sent };
}

async function* chunks(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 65_536) {
    await new Promise((resolve) => setImmediate(resolve));
    yield bytes.subarray(at, at + 65_536);
  }
}

async function* cut(bytes: Buffer, length: number): AsyncGenerator<Buffer> {
  yield* chunks(bytes.subarray(0, length));
  if (length < bytes.length) throw storeErrors.SOURCE_UNREACHABLE({ what: 'it', reason: 'the connection was reset' });
}

const stored = ({ root }: Kept, name = 'one'): Buffer =>
  readFileSync(join(root, 'models/miner', name, 'a'.repeat(40), 'files', FILE.path));
const partials = ({ root }: Kept): string[] => readdirSync(join(root, 'partials'));
const blobs = ({ root }: Kept): string[] => readdirSync(join(root, 'blobs'));

describe('a transfer', () => {
  it('asks for several parts at a time, each once, and puts them together', async () => {
    const scene = await kept(PARTS);
    const { open, asked, atOnce } = server();
    await scene.fetch('one', [FILE], open);
    expect(stored(scene).equals(CONTENT)).toBe(true);
    expect(asked).toHaveLength(Math.ceil(CONTENT.length / PARTS.rangeBytes));
    expect(asked.every(({ start, end }) => end - start <= PARTS.rangeBytes)).toBe(true);
    expect(atOnce()).toBeGreaterThan(2);
    expect(atOnce()).toBeLessThanOrEqual(8);
    expect(partials(scene)).toEqual([]);
    expect(blobs(scene)).toEqual([SHA256]);
  });

  it('keeps to the requests that all files together may have', async () => {
    const scene = await kept({ ...PARTS, rangesAtOnce: 2 });
    const { open, atOnce } = server();
    await Promise.all(['one', 'two', 'three'].map((name) => scene.fetch(name, [{ ...FILE, gitOid: GIT_OID }], open)));
    expect(atOnce()).toBe(2);
  });

  it('goes on where it was cut, wherever that is', async () => {
    const scene = await kept(PARTS);
    const lengths = [0, 1, 65_536, 65_537, 299_999];
    const { open, sent } = server((bytes, nth) => cut(bytes, lengths[nth] ?? Number.POSITIVE_INFINITY));
    await scene.fetch('one', [FILE], open);
    expect(stored(scene).equals(CONTENT)).toBe(true);
    expect(sent()).toBe(CONTENT.length);
    expect(scene.clock.slept.length).toBeGreaterThanOrEqual(lengths.length);
  });

  it('gives up after as many failures in a row as it may have, and keeps what has come', async () => {
    const scene = await kept({ ...PARTS, attempts: 3, rangesAtOnce: 1 });
    const { open, asked } = server((bytes, nth) => (nth === 0 ? chunks(bytes) : cut(bytes, 0)));
    await expect(scene.fetch('one', [FILE], open)).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      fault: 'network',
    });
    expect(asked).toHaveLength(4);
    const again = server();
    await scene.fetch('one', [FILE], again.open);
    expect(again.sent()).toBe(CONTENT.length - PARTS.rangeBytes);
    expect(stored(scene).equals(CONTENT)).toBe(true);
  });

  it('does not go on for ever with a source that gives a byte at a time', async () => {
    const scene = await kept({ ...PARTS, rangesAtOnce: 1, attempts: 5 });
    const { open, asked } = server((bytes) => cut(bytes, 1));
    await expect(scene.fetch('one', [FILE], open)).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' });
    expect(asked).toHaveLength(5);
  });

  it('takes back its failures once a part has come far enough', async () => {
    const scene = await kept({ rangeBytes: 64 * MIB, attempts: 2 });
    const { open } = server((bytes) => cut(bytes, MIB));
    await scene.fetch('one', [FILE], open);
    expect(stored(scene).equals(CONTENT)).toBe(true);
  });

  it('pauses for as long as the source asks for', async () => {
    const scene = await kept({ ...PARTS, rangesAtOnce: 1 });
    const plain = server();
    let refused = 0;
    await scene.fetch('one', [FILE], (...of) => {
      refused += 1;
      if (refused > 2) return plain.open(...of);
      return Promise.reject(storeErrors.SOURCE_UNREACHABLE({ what: 'it', reason: 'status 429', retryAfterMs: 77_000 }));
    });
    expect(scene.clock.slept).toEqual([77_000, 77_000]);
  });

  it('reads a source that has whole files only over one connection', async () => {
    const scene = await kept(PARTS);
    let whole = 0;
    const open: Open = () => {
      whole += 1;
      return Promise.resolve({ start: 0, bytes: chunks(CONTENT) });
    };
    await scene.fetch('one', [FILE], open);
    expect(stored(scene).equals(CONTENT)).toBe(true);
    // Those that began together, and the one that had to have it all.
    expect(whole).toBeLessThanOrEqual(9);
  });

  it.each<[string, (range: ByteRange) => OpenedFile, string]>([
    [
      'begins behind what was asked for',
      ({ start }) => ({ start: start + 1, bytes: chunks(CONTENT) }),
      'SOURCE_ANSWER_INVALID',
    ],
    [
      'has more bytes than the file',
      ({ start }) => ({ start, bytes: chunks(Buffer.concat([CONTENT.subarray(start), CONTENT])) }),
      'FILE_SIZE_DIFFERS',
    ],
    [
      'ends before the file does',
      ({ start }) => ({ start, bytes: chunks(CONTENT.subarray(start, 1000)) }),
      'FILE_SIZE_DIFFERS',
    ],
  ])('refuses an answer that %s', async (_name, answer, code) => {
    const scene = await kept({ rangeBytes: 64 * MIB, attempts: 2 });
    const fetching = scene.fetch('one', [FILE], (_file, range) => Promise.resolve(answer(range)));
    await expect(fetching).rejects.toMatchObject({ code, fault: 'network' });
    expect(blobs(scene)).toEqual([]);
  });

  it.each([
    ['sha256', { sha256: 'f'.repeat(64) }],
    ['git id', { sha256: undefined, gitOid: 'f'.repeat(40) }],
  ])('throws away what has another %s than the source states, twice, and keeps none of it', async (_name, stated) => {
    const scene = await kept(PARTS);
    const { open, sent } = server();
    const { sha256, ...rest } = { ...FILE, ...stated };
    const file = sha256 === undefined ? rest : { ...rest, sha256 };
    await expect(scene.fetch('one', [file], open)).rejects.toMatchObject({
      code: 'FILE_CONTENT_DIFFERS',
      fault: 'network',
      retry: 'backoff',
    });
    expect(sent()).toBe(2 * CONTENT.length);
    expect([...blobs(scene), ...partials(scene)]).toEqual([]);
  });

  it('takes a file whose git id is as stated', async () => {
    const scene = await kept(PARTS);
    const { path, size } = FILE;
    await scene.fetch('one', [{ path, size, gitOid: GIT_OID }], server().open);
    expect(stored(scene).equals(CONTENT)).toBe(true);
  });

  it('begins again when the source has another content, and gives up when it changes all the time', async () => {
    const scene = await kept({ ...PARTS, rangesAtOnce: 1 });
    const { path, size } = FILE;
    const once = server();
    await scene.fetch('one', [{ path, size }], async (...of) => ({
      ...(await once.open(...of)),
      version: once.asked.length <= 2 ? 'old' : 'new',
    }));
    expect(once.sent()).toBeGreaterThanOrEqual(CONTENT.length + 2 * PARTS.rangeBytes);
    const always = server();
    const fetching = scene.fetch('two', [{ path, size }], async (...of) => ({
      ...(await always.open(...of)),
      version: String(always.asked.length),
    }));
    await expect(fetching).rejects.toMatchObject({ code: 'FILE_CHANGED', fault: 'network' });
  });

  it('holds all transfers together to the rate that was set', async () => {
    const scene = await kept({ ...PARTS, bytesPerSecond: MIB });
    await scene.fetch('one', [FILE], server().open);
    expect(Math.max(...scene.clock.slept)).toBeGreaterThan(2000);
  });

  it('tells how far it is, and counts what is here already', async () => {
    const scene = await kept(PARTS);
    const told: FetchProgress[] = [];
    await scene.fetch('one', [FILE], server().open, never, (progress) => told.push(progress));
    expect(told.at(-1)).toMatchObject({ done: CONTENT.length, total: CONTENT.length });
    told.length = 0;
    const small = { path: 'config.json', size: 2 };
    await scene.fetch(
      'two',
      [FILE, small],
      (file, ...rest) =>
        file.path === FILE.path
          ? Promise.reject(new Error('it is here already'))
          : Promise.resolve({ start: rest[0].start, bytes: chunks(Buffer.from('{}')) }),
      never,
      (progress) => told.push(progress),
    );
    expect(told.at(-1)).toMatchObject({ done: CONTENT.length + 2, total: CONTENT.length + 2 });
  });
});

describe('a transfer after a restart', () => {
  /** Two parts come, then nothing any more. */
  async function begun(file: RepoFile, named: Partial<OpenedFile> = {}): Promise<string> {
    const root = newFolder();
    const scene = await kept({ ...PARTS, rangesAtOnce: 1, attempts: 1 }, root);
    const { open } = server((bytes, nth) => (nth < 2 ? chunks(bytes) : cut(bytes, 0)), named);
    await expect(scene.fetch('one', [file], open)).rejects.toThrow();
    await scene.keeper.close();
    expect(partials(scene)).toHaveLength(1);
    return root;
  }

  it('fetches what is missing and nothing else', async () => {
    const scene = await kept(PARTS, await begun(FILE));
    const { open, sent } = server();
    await scene.fetch('one', [FILE], open);
    expect(sent()).toBe(CONTENT.length - 2 * PARTS.rangeBytes);
    expect(stored(scene).equals(CONTENT)).toBe(true);
  });

  it('goes on with the content for another model that has it', async () => {
    const scene = await kept(PARTS, await begun(FILE));
    const { open, sent } = server();
    await scene.fetch('two', [{ ...FILE, path: 'model.safetensors' }], open);
    expect(sent()).toBe(CONTENT.length - 2 * PARTS.rangeBytes);
  });

  it('finds by the digest what was damaged meanwhile, and fetches it all again', async () => {
    const root = await begun(FILE);
    const [name = ''] = readdirSync(join(root, 'partials'));
    const partial = readFileSync(join(root, 'partials', name));
    partial.fill(0, 10, 20);
    writeFileSync(join(root, 'partials', name), partial);
    const scene = await kept(PARTS, root);
    const { open, sent } = server();
    await scene.fetch('one', [FILE], open);
    expect(sent()).toBe(2 * CONTENT.length - 2 * PARTS.rangeBytes);
    expect(stored(scene).equals(CONTENT)).toBe(true);
  });

  it.each(['', 'no note', '{"size":1}', '{"size":3145745,"done":[[0,99999999]]}'])(
    'begins again where the note says %j',
    async (note) => {
      const root = await begun(FILE);
      const [name = ''] = readdirSync(join(root, 'partials'));
      const partial = readFileSync(join(root, 'partials', name));
      partial.fill(' ', CONTENT.length).write(note, CONTENT.length);
      writeFileSync(join(root, 'partials', name), partial);
      const scene = await kept(PARTS, root);
      const { open, sent } = server();
      await scene.fetch('one', [FILE], open);
      expect(sent()).toBe(CONTENT.length);
    },
  );

  it('needs no byte where all had come', async () => {
    const root = newFolder();
    const first = await kept(PARTS, root);
    writeFileSync(join(root, 'partials', `${SHA256}.free`), CONTENT);
    await first.fetch('one', [FILE], () => Promise.reject(new Error('nothing may be asked for')));
    expect(stored(first).equals(CONTENT)).toBe(true);
  });

  it('puts parts of two runs together only where the source names the content', async () => {
    const { path, size } = FILE;
    const unnamed = await kept(PARTS, await begun({ path, size }));
    const all = server();
    await unnamed.fetch('one', [{ path, size }], all.open);
    expect(all.sent()).toBe(CONTENT.length);
    const named = await kept(PARTS, await begun({ path, size }, { version: 'v1' }));
    const rest = server(chunks, { version: 'v1' });
    await named.fetch('one', [{ path, size }], rest.open);
    expect(rest.sent()).toBe(CONTENT.length - 2 * PARTS.rangeBytes);
    expect(stored(named).equals(CONTENT)).toBe(true);
  });
});

describe('equal content', () => {
  it('is fetched once for ten models that want it at once, and takes the room of one', async () => {
    const scene = await kept(PARTS);
    const { open, sent } = server();
    const names = Array.from({ length: 10 }, (_none, index) => `copy-${index}`);
    await Promise.all(names.map((name) => scene.fetch(name, [FILE], open)));
    expect(sent()).toBe(CONTENT.length);
    expect(new Set(names.map((name) => statOf(scene, name))).size).toBe(1);
    expect((await scene.keeper.usage()).bytes).toBeLessThan(1.1 * CONTENT.length);
  });

  it('is fetched by the next who wants it when the first one is stopped', async () => {
    const scene = await kept(PARTS);
    const stop = new AbortController();
    const hanging = server(async function* () {
      stop.abort(new Error('stopped'));
      await new Promise((_resolve, reject) => {
        setTimeout(reject, 50, new Error('stopped'));
      });
      yield Buffer.alloc(0);
    });
    const first = scene.fetch('one', [FILE], hanging.open, stop.signal);
    const second = scene.fetch('two', [FILE], server().open);
    await expect(first).rejects.toThrow('stopped');
    await second;
    expect(stored(scene, 'two').equals(CONTENT)).toBe(true);
  });

  const statOf = ({ root }: Kept, name: string): number =>
    statSync(join(root, 'models/miner', name, 'a'.repeat(40), 'files', FILE.path)).ino;
});
