import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { DatasetSample } from '@assay/core/contracts/dataset-provider';
import plugin from '@assay/plugin-token-shards';
import { tokensDigest } from '@assay/plugin-token-shards/dist/draw/digest.js';
import { draw } from '@assay/plugin-token-shards/dist/draw/draw.js';
import type { OpenShard } from '@assay/plugin-token-shards/dist/draw/shard.js';
import { openFileShard } from '@assay/plugin-token-shards/dist/shards/file-shard.js';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { errorOf } from '../../error-of.js';
import { failedChecks } from '../../package-checks.js';
import { KEYS, s3Server } from '../../s3-server.js';
import {
  counted,
  datasetOf,
  drawnFrom,
  inFolder,
  newFolder,
  npy,
  published,
  REQUEST,
  serving,
  type Server,
} from './shards.js';

const never = new AbortController().signal;
const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');
const expected = (): Promise<DatasetSample> => drawnFrom({ bundle: join(inFolder(published()), 'data/bundle.json') });
const rowsOf = ({ batches }: DatasetSample): number[][] => batches.map(([row = []]) => Array.from(row));
const keptIn = (dataDir: string): string[] =>
  existsSync(join(dataDir, 'shards'))
    ? readdirSync(join(dataDir, 'shards')).filter((name) => name.endsWith('.npy'))
    : [];

/** Bytes of a shard that were asked for. */
const askedBytes = ({ asked }: Server, path: string): number =>
  asked
    .filter((one) => one.path === path)
    .reduce((sum, { range }) => {
      const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? [];
      return sum + (last === undefined ? Number.POSITIVE_INFINITY : Number(last) - Number(first) + 1);
    }, 0);

/** A published manifest of one source with these shards. */
function oneSource(shards: Record<string, Buffer>, entries: unknown[] = Object.keys(shards)): Map<string, Buffer> {
  const files = new Map(Object.entries(shards).map(([name, content]) => [`src/${name}`, content]));
  return files.set('src/manifest.json', Buffer.from(JSON.stringify({ seq_len: 64, shards: entries })));
}
const big = (from = 0): Buffer => npy([400, 64], counted(from, 400 * 64));

describe('a dataset of shards in a folder', () => {
  it('draws by the seed, by the weights, and tells the shard of each sequence', async () => {
    const sample = await expected();
    const rows = rowsOf(sample);
    expect(rows).toHaveLength(50);
    const { clusters = [], pages, source } = sample;
    expect(pages).toHaveLength(4);
    const perPage = pages.map((page, index) => [page.split('/')[0], clusters.filter((one) => one === index).length]);
    expect(perPage).toEqual([
      ['rows', expect.any(Number)],
      ['rows', expect.any(Number)],
      ['stream', expect.any(Number)],
      ['stream', expect.any(Number)],
    ]);
    expect(clusters.filter((one) => one < 2)).toHaveLength(30);
    // Ids of a shard count from its own number on: the cluster is told rightly where row and page agree.
    for (const [index, row] of rows.entries()) {
      const shard = Math.floor((row[0] ?? 0) / 1_000_000);
      expect(pages[clusters[index] ?? -1]).toContain(`s${shard > 4 ? shard - 5 : shard - 1}.npy`);
      expect(row).toEqual([...counted(row[0] ?? 0, 64)]);
    }
    const tokens = await tokensDigest(
      rows.map((row) => Uint32Array.from(row)),
      never,
    );
    expect(source).toMatch(new RegExp(`^manifests sha256:[0-9a-f]{64}, tokens sha256:${tokens}$`));
    expect(await expected()).toEqual(sample);
  });

  it('reads sequences of thousands of narrow records some at a time', async () => {
    const rows = 4096;
    const file = join(newFolder(), 'narrow.npy');
    writeFileSync(file, npy([rows, 2], counted(0, rows * 2)));
    const readAtOnce: number[] = [];
    const open = async (): Promise<OpenShard> => {
      const shard = await openFileShard('narrow', file, undefined, never);
      return {
        header: shard.header,
        read: (sequences, signal) => {
          readAtOnce.push(sequences.reduce((sum, spans) => sum + spans.length, 0));
          return shard.read(sequences, signal);
        },
        close: () => shard.close(),
      };
    };
    const request = { seed: 1n, count: 200, sequence: 2048, base: 2048, vocabulary: 0, shardsPerSource: 1 };
    const drawn = await draw([{ name: 'source', shards: [{ name: 'narrow', record: 1, open }] }], request, never);
    expect(drawn.rows).toHaveLength(200);
    // Of each row of two tokens the record is the first one.
    for (const row of drawn.rows)
      expect(row).toEqual(Uint32Array.from({ length: 2048 }, (_none, index) => (row[0] ?? 0) + 2 * index));
    expect(Math.max(...readAtOnce)).toBeLessThanOrEqual(100_000);
    expect(readAtOnce.reduce((sum, spans) => sum + spans, 0)).toBe(200 * 2048);
  });

  it('draws the same into batches of several sequences, which are of no one shard', async () => {
    const bundle = join(inFolder(published()), 'data/bundle.json');
    const sample = await drawnFrom({ bundle }, { batchSize: 4 });
    expect(sample.batches).toHaveLength(12);
    expect(sample).not.toHaveProperty('clusters');
    expect(sample.batches.flat().map((row) => Array.from(row))).toEqual(rowsOf(await expected()).slice(0, 48));
  });

  it('refuses other manifests than the pinned ones, and says what to do', async () => {
    const folder = inFolder(published());
    const bundle = join(folder, 'data/bundle.json');
    const [, digest = ''] = /manifests sha256:([0-9a-f]{64})/.exec((await drawnFrom({ bundle })).source) ?? [];
    await datasetOf({ bundle, manifests: `sha256:${digest}` }).requireAccess(never);
    const manifest = join(folder, 'data/rows/manifest.json');
    writeFileSync(manifest, JSON.stringify({ seq_len: 64, shards: ['s1.npy', 's0.npy', 's2.npy'] }));
    const error = await errorOf(datasetOf({ bundle, manifests: digest }).requireAccess(never));
    expect(error).toMatchObject({ code: 'MANIFESTS_NOT_PINNED', fault: 'config' });
    expect(error.hint).toContain('set `manifests`');
    expect((await drawnFrom({ bundle })).source).not.toContain(digest);
  });

  it.each<[what: string, files: Map<string, Buffer>, options: Record<string, unknown>, code: string, fault: string]>([
    [
      'fewer sequences than asked',
      oneSource({ 'a.npy': npy([9, 64], counted(0, 576)) }),
      {},
      'SEQUENCES_TOO_FEW',
      'network',
    ],
    ['a shard that is not there', oneSource({}, ['a.npy']), {}, 'SHARD_MISSING', 'network'],
    ['a pickle', oneSource({ 'a.npy': Buffer.from('\x80\x04.', 'latin1') }), {}, 'SHARD_MALFORMED', 'network'],
    [
      'rows narrower than a record',
      oneSource({ 'a.npy': npy([10, 32], counted(0, 320)) }),
      {},
      'SHARD_MALFORMED',
      'network',
    ],
    [
      'records that do not divide a sequence',
      oneSource({ 'a.npy': big() }, [{ name: 'a.npy', seq_len: 48 }]),
      {},
      'RECORDS_DO_NOT_DIVIDE',
      'config',
    ],
    [
      'another content than the manifest says',
      oneSource({ 'a.npy': big() }, [{ name: 'a.npy', sha256: 'f'.repeat(64) }]),
      {},
      'SHARD_DAMAGED',
      'network',
    ],
    [
      'no hash where one is stated',
      oneSource({ 'a.npy': big() }, [{ name: 'a.npy', sha256: 'abc' }]),
      {},
      'MANIFEST_UNUSABLE',
      'network',
    ],
    ['a manifest without a shard', oneSource({}, ['a.txt', { title: 'b.npy' }]), {}, 'MANIFEST_UNUSABLE', 'network'],
    ['a path out of the folder', oneSource({}, ['../../../etc/a.npy']), {}, 'PLACE_REFUSED', 'network'],
  ])('refuses %s', async (_what, files, options, code, fault) => {
    const manifest = join(inFolder(files), 'src/manifest.json');
    expect(await errorOf(drawnFrom({ sources: [{ manifest }], ...options }))).toMatchObject({ code, fault });
  });

  it('drops sequences with ids beyond the vocabulary, and none where it is told so', async () => {
    const ids = counted(0, 400 * 64).map((id) => (Math.floor(id / 64) % 8 > 0 ? 5 : 500));
    const manifest = join(inFolder(oneSource({ 'a.npy': npy([400, 64], ids) })), 'src/manifest.json');
    const drawn = async (vocabularySize: number): Promise<Set<number>> =>
      new Set(rowsOf(await drawnFrom({ sources: [{ manifest }], vocabularySize })).flat());
    expect(await drawn(100)).toEqual(new Set([5]));
    expect(await drawn(0)).toEqual(new Set([5, 500]));
  });

  it.each([
    ['neither a bundle nor sources', {}],
    ['both', { bundle: 'b', sources: [{ manifest: 'm' }] }],
    ['no weight at all', { sources: [{ manifest: 'm', weight: 0 }] }],
    ['a pin that is no digest', { bundle: 'b', manifests: 'abc' }],
    ['a typing error', { bundle: 'b', shardPerSource: 2 }],
  ])('refuses options: %s', (_what, options) => {
    expect(() => datasetOf(options)).toThrow();
  });
});

describe('a dataset of shards on a server', () => {
  const bundleOf = ({ url }: Server): { bundle: string } => ({ bundle: `${url}/data/bundle.json` });

  it('draws what a folder gives, and asks for the drawn rows only', async () => {
    const server = await serving(published());
    const dataDir = newFolder();
    const sample = await drawnFrom(bundleOf(server), {}, dataDir);
    expect(rowsOf(sample)).toEqual(rowsOf(await expected()));
    expect(keptIn(dataDir)).toEqual([]);
    const read = [...server.files.keys()].filter((path) => path.endsWith('.npy') && askedBytes(server, path) > 0);
    expect(read).toHaveLength(4);
  });

  it('joins ranges that lie close together, and leaves out what lies between others', async () => {
    const sparse = npy([400, 64 * 512], counted(0, 400 * 64 * 512));
    const server = await serving(oneSource({ 'a.npy': sparse }));
    const sources = [{ manifest: `${server.url}/src/manifest.json` }];
    await drawnFrom({ sources }, { sequences: 20 });
    expect(askedBytes(server, 'src/a.npy')).toBeLessThan(4096 + 20 * 256 + 1);
    const dense = await serving(oneSource({ 'a.npy': big() }));
    await drawnFrom({ sources: [{ manifest: `${dense.url}/src/manifest.json` }] }, { sequences: 300 });
    expect(dense.asked.filter(({ path }) => path === 'src/a.npy')).toHaveLength(2);
  });

  it('keeps a whole shard where the server does not answer ranges, and asks for it once', async () => {
    const server = await serving(published());
    for (const path of server.files.keys()) server.behaviours.set(path, { wholeToRange: true });
    const dataDir = newFolder();
    const dataset = datasetOf(bundleOf(server), dataDir);
    const times = [await dataset.sample(REQUEST, never), await dataset.sample(REQUEST, never)];
    const rows = rowsOf(await expected());
    expect(times.map(rowsOf)).toEqual([rows, rows]);
    expect(keptIn(dataDir)).toHaveLength(4);
    const whole = server.asked.filter(
      ({ path, range }) => path.endsWith('.npy') && range?.startsWith('bytes=0-4095') === false,
    );
    expect(whole).toHaveLength(4);
  });

  it('takes whole shards whose length the server does not say, and keeps them by their entity tag', async () => {
    for (const hasNoTag of [false, true]) {
      const server = await serving(published());
      const behaviour = { wholeToRange: true, isLengthUnsaid: true, hasNoTag };
      for (const path of server.files.keys()) server.behaviours.set(path, behaviour);
      const dataset = datasetOf(bundleOf(server));
      const times = [await dataset.sample(REQUEST, never), await dataset.sample(REQUEST, never)];
      const rows = rowsOf(await expected());
      expect(times.map(rowsOf)).toEqual([rows, rows]);
      // A first look for each shard and draw, and the shards themselves: once, or again where nothing tells that they are the same.
      const asked = server.asked.filter(({ path }) => path.endsWith('.npy') && server.files.has(path));
      expect(asked).toHaveLength(hasNoTag ? 16 : 12);
      const few = datasetOf({ ...bundleOf(server), cacheBytes: 5000 });
      expect(await errorOf(few.sample(REQUEST, never))).toMatchObject({ code: 'SHARD_TOO_LARGE' });
    }
  });

  it.each([
    ['dropped connections', { cutAt: 3000, times: 3 }],
    [
      'answers for another range',
      { otherRange: (start: number, end: number) => ({ start: start + 4, end: end + 4 }), times: 2 },
    ],
    ['answers that end early', { missingBytes: 3, times: 2 }],
    ['whole files in place of the rows', { wholeToRange: true, times: 1 }],
    ['a service that is down for a while', { status: { code: 503 }, times: 3 }],
    ['compressed answers', { gzip: true, times: 2 }],
  ])('gets over %s', async (_what, behaviour) => {
    for (const isGoodAtFirst of [false, true]) {
      const server = await serving(published());
      server.isGoodAtFirst = isGoodAtFirst;
      for (const path of server.files.keys()) if (path.endsWith('.npy')) server.behaviours.set(path, behaviour);
      expect(rowsOf(await drawnFrom(bundleOf(server)))).toEqual(rowsOf(await expected()));
    }
  });

  it.each([
    [
      'lies about ranges',
      { otherRange: (start: number, end: number) => ({ start: start + 4, end: end + 4 }) },
      'SOURCE_ANSWER_INVALID',
    ],
    [
      'lies about the size of files',
      { otherRange: (start: number, end: number) => ({ start, end, total: 9e9 }) },
      'SHARD_MALFORMED',
    ],
    ['is down', { status: { code: 503 } }, 'SOURCE_UNREACHABLE'],
    ['keeps silent', { silentAt: 10 }, 'SOURCE_UNREACHABLE'],
    ['refuses', { status: { code: 403 } }, 'SHARD_MISSING'],
    ['leads to an address of its own network', { redirect: 'http://169.254.169.254/latest' }, 'REDIRECT_REFUSED'],
  ])('gives up where the server %s', { timeout: 60_000 }, async (_what, behaviour, code) => {
    const server = await serving(published());
    for (const path of server.files.keys()) if (path.endsWith('.npy')) server.behaviours.set(path, behaviour);
    expect(await errorOf(drawnFrom({ ...bundleOf(server), timeoutMs: 300 }))).toMatchObject({ code, fault: 'network' });
  });

  it('notices a shard that changes between two ranges, and draws again', async () => {
    const sparse = npy([400, 64 * 512], counted(0, 400 * 64 * 512));
    const server = await serving(oneSource({ 'a.npy': sparse }));
    const sources = [{ manifest: `${server.url}/src/manifest.json` }];
    const before = rowsOf(await drawnFrom({ sources }, { sequences: 20 }));
    server.asked.length = 0;
    server.behaviours.set('src/a.npy', { etag: (nth) => (nth < 9 ? '"one"' : '"two"') });
    expect(rowsOf(await drawnFrom({ sources }, { sequences: 20 }))).toEqual(before);
    server.behaviours.set('src/a.npy', { etag: (nth) => `"${nth}"` });
    expect(await errorOf(drawnFrom({ sources }, { sequences: 20 }))).toMatchObject({ code: 'SHARD_CHANGED' });
  });

  it('fetches a whole shard where the manifest gives its hash, and believes no other content', async () => {
    const files = oneSource({ 'a.npy': big() }, [{ name: 'a.npy', sha256: sha256(big()) }]);
    const server = await serving(files);
    const sources = [{ manifest: `${server.url}/src/manifest.json` }];
    const dataDir = newFolder();
    await drawnFrom({ sources }, {}, dataDir);
    expect(keptIn(dataDir)).toHaveLength(1);
    server.behaviours.set('src/a.npy', { content: big(7) });
    const other = newFolder();
    expect(await errorOf(drawnFrom({ sources }, {}, other))).toMatchObject({ code: 'SHARD_DAMAGED', fault: 'network' });
    expect(keptIn(other)).toEqual([]);
  });

  it('goes on where a whole transfer was cut, also after its process has ended', async () => {
    const shard = npy([4000, 64], counted(0, 4000 * 64));
    const server = await serving(oneSource({ 'a.npy': shard }, [{ name: 'a.npy', sha256: sha256(shard) }]));
    const options = { sources: [{ manifest: `${server.url}/src/manifest.json` }] };
    const dataDir = newFolder();
    server.behaviours.set('src/a.npy', { cutAt: 300_000, times: 7 });
    await drawnFrom(options, {}, dataDir);
    const starts = server.asked.filter(({ path }) => path === 'src/a.npy').map(({ range }) => range?.split('-')[0]);
    expect(starts.slice(0, 2)).toEqual(['bytes=0', 'bytes=0']);
    const resumed = starts.slice(1).map((start) => Number(start?.slice('bytes='.length)));
    expect(resumed.length).toBeGreaterThan(3);
    expect(resumed).toEqual([...new Set(resumed)].sort((a, b) => a - b));

    server.behaviours.set('src/a.npy', { cutAt: 100_000 });
    server.asked.length = 0;
    const stop = new AbortController();
    const cut = newFolder();
    const drawing = datasetOf(options, cut).sample(REQUEST, stop.signal);
    const isStarted = (): boolean => server.asked.filter(({ path }) => path === 'src/a.npy').length > 4;
    await vi.waitUntil(isStarted, { interval: 1 });
    stop.abort(new Error('the process ends'));
    await expect(drawing).rejects.toThrow('the process ends');
    const [draft = ''] = readdirSync(join(cut, 'shards')).map((name) => join(cut, 'shards', name));
    const had = statSync(draft).size;
    expect(had).toBeGreaterThan(100_000);
    utimesSync(draft, 0, 0);
    server.behaviours.clear();
    server.asked.length = 0;
    await drawnFrom(options, {}, cut);
    expect(server.asked.at(-1)?.range).toBe(`bytes=${had}-${shard.length - 1}`);
  });

  it('drops the shards that were used longest ago, and refuses one that is larger than all', async () => {
    const names = ['a.npy', 'b.npy', 'c.npy'];
    const files = oneSource(Object.fromEntries(names.map((name, index) => [name, big(index * 1e6)])));
    const server = await serving(files);
    for (const name of names) server.behaviours.set(`src/${name}`, { wholeToRange: true });
    const sources = [{ manifest: `${server.url}/src/manifest.json` }];
    const dataDir = newFolder();
    const cacheBytes = 2 * big().length;
    await drawnFrom({ sources, shardsPerSource: 0, cacheBytes }, {}, dataDir);
    expect(keptIn(dataDir)).toHaveLength(2);
    const error = await errorOf(drawnFrom({ sources, cacheBytes: 1000 }));
    expect(error).toMatchObject({ code: 'SHARD_TOO_LARGE', fault: 'config' });
  });

  it('reads nothing that a manifest may not name', async () => {
    const secret = await serving(new Map([['a.npy', big()]]));
    for (const reference of [`${secret.url}/a.npy`, 'https://localhost/a.npy', 'file:///etc/a.npy', '../../a.npy']) {
      const server = await serving(oneSource({}, [reference]));
      const error = await errorOf(drawnFrom({ sources: [{ manifest: `${server.url}/src/manifest.json` }] }));
      expect(['PLACE_REFUSED', 'REDIRECT_REFUSED']).toContain(error.code);
    }
    expect(secret.asked).toEqual([]);
  });

  it('refuses a manifest that is too long or is none', async () => {
    const server = await serving(new Map([['src/manifest.json', Buffer.alloc(9 * 1024 ** 2, ' ')]]));
    const sources = [{ manifest: `${server.url}/src/manifest.json` }];
    expect(await errorOf(drawnFrom({ sources }))).toMatchObject({ code: 'SOURCE_ANSWER_INVALID' });
    server.files.set('src/manifest.json', Buffer.from('<html>'));
    expect(await errorOf(drawnFrom({ sources }))).toMatchObject({ code: 'MANIFEST_UNUSABLE' });
    server.files.delete('src/manifest.json');
    expect((await errorOf(drawnFrom({ sources }))).message).toContain('status 404');
  });

  it('ends with its signal in the middle of a transfer', async () => {
    const server = await serving(published());
    for (const path of server.files.keys()) if (path.endsWith('.npy')) server.behaviours.set(path, { silentAt: 10 });
    const stop = new AbortController();
    setTimeout(() => {
      stop.abort(new Error('enough'));
    }, 50);
    const dataset = datasetOf({ ...bundleOf(server), timeoutMs: 30_000 });
    await expect(dataset.sample(REQUEST, stop.signal)).rejects.toThrow('enough');
  });
});

describe('a dataset of shards in S3', { timeout: 60_000 }, () => {
  async function bucketWith(files: ReadonlyMap<string, Buffer>): Promise<string> {
    vi.stubEnv('AWS_ACCESS_KEY_ID', KEYS.accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', KEYS.secretAccessKey);
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const endpoint = await s3Server(new Map());
    const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: KEYS });
    for (const [path, body] of files)
      await client.send(new PutObjectCommand({ Bucket: 'softwareheritage', Key: path, Body: body }));
    client.destroy();
    return endpoint;
  }

  it('draws what a folder gives, by range', async () => {
    const endpoint = await bucketWith(published());
    const dataDir = newFolder();
    const options = { bundle: 's3://softwareheritage/data/bundle.json', s3: { endpoint } };
    expect(rowsOf(await drawnFrom(options, {}, dataDir))).toEqual(rowsOf(await expected()));
    expect(keptIn(dataDir)).toEqual([]);
  });

  it('tells what is missing and what is refused', async () => {
    const endpoint = await bucketWith(oneSource({}, ['a.npy', 's3://another/b.npy']));
    const sources = [{ manifest: 's3://softwareheritage/src/manifest.json' }];
    expect(await errorOf(drawnFrom({ sources, s3: { endpoint } }))).toMatchObject({ code: 'PLACE_REFUSED' });
    const absent = [{ manifest: 's3://softwareheritage/none/manifest.json' }];
    expect(await errorOf(drawnFrom({ sources: absent, s3: { endpoint } }))).toMatchObject({ code: 'SHARD_MISSING' });
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'another');
    const error = await errorOf(datasetOf({ sources, s3: { endpoint } }).requireAccess(never));
    expect(error).toMatchObject({ code: 'CREDENTIAL_REFUSED', fault: 'config' });
    expect(JSON.stringify(error.toReport())).not.toContain('another');
  });

  it('needs credentials only where the config names a bucket', () => {
    const { credentials } = plugin.provides.datasets?.['token-shards'] ?? {};
    if (typeof credentials !== 'function') throw new Error('they follow from the options');
    const needs = (options: object): number => credentials({ s3: { anonymous: false }, ...options }).length;
    expect(needs({ bundle: 's3://bucket/bundle.json' })).toBe(1);
    expect(needs({ sources: [{ manifest: 's3://bucket/manifest.json' }] })).toBe(1);
    expect(needs({ bundle: 's3://bucket/bundle.json', s3: { anonymous: true } })).toBe(0);
    expect(needs({ bundle: 'https://host/bundle.json' })).toBe(0);
  });
});

it('is what every dataset has to be', async () => {
  const shards = Array.from(
    { length: 40 },
    (_none, index) =>
      [
        `s${index}.npy`,
        npy(
          [8, 64],
          counted(0, 512).map((id) => (id * (index + 3)) % 251),
        ),
      ] as const,
  );
  const manifest = join(inFolder(oneSource(Object.fromEntries(shards))), 'src/manifest.json');
  const options = { sources: [{ manifest }], shardsPerSource: 3 };
  expect(await failedChecks(plugin, { datasets: { 'token-shards': { options } } })).toEqual([]);
});

it('lets other work go on while it draws', { retry: 2 }, async () => {
  const shard = npy([3000, 4096], counted(0, 3000 * 4096));
  const manifest = join(
    inFolder(oneSource({ 'a.npy': shard }, [{ name: 'a.npy', seq_len: 4096 }])),
    'src/manifest.json',
  );
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await drawnFrom({ sources: [{ manifest }] }, { sequenceLength: 4096, sequences: 2900 });
  delay.disable();
  // Each step takes some 20 ms; the machine does other things as well.
  expect(delay.percentile(99) / 1e6).toBeLessThan(100);
});
