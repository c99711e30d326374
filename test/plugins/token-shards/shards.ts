import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Clock } from '@assay/core/contracts/clock';
import type { DatasetSample, SampleRequest } from '@assay/core/contracts/dataset-provider';
import { systemClock } from '@assay/core/runtime/system-clock';
import { TokenShards } from '@assay/plugin-token-shards/dist/dataset.js';
import { shardOptions } from '@assay/plugin-token-shards/dist/options.js';
import { onTestFinished } from 'vitest';
import { sendBody, type Behaviour } from '../../hostile-body.js';

export const newFolder = (): string => mkdtempSync(join(tmpdir(), 'assay-shards-'));

/** A .npy file as numpy.save writes it. */
export function npy(shape: readonly number[], ids: Uint32Array): Buffer {
  const tuple = shape.length === 1 ? `${shape[0] ?? 0},` : shape.join(', ');
  return npyWith(`{'descr': '<u4', 'fortran_order': False, 'shape': (${tuple}), }`, ids);
}

/** The same with another header. */
export function npyWith(header: string, ids: Uint32Array, version = 1): Buffer {
  const fixed = version === 1 ? 10 : 12;
  const padded = `${header.padEnd(128 - fixed - 1)}\n`;
  const start = Buffer.alloc(fixed);
  start.write('\x93NUMPY', 'latin1');
  start[6] = version;
  if (version === 1) start.writeUInt16LE(padded.length, 8);
  else start.writeUInt32LE(padded.length, 8);
  return Buffer.concat([start, Buffer.from(padded, 'latin1'), Buffer.from(ids.buffer, ids.byteOffset, ids.byteLength)]);
}

/** Ids that tell where they stand: no two shards of another `from` share one. */
export const counted = (from: number, length: number): Uint32Array =>
  Uint32Array.from({ length }, (_none, index) => from + index);

/** A bundle of two sources with three shards each: of 400 rows of 64 tokens, and of one stream. */
export function published(): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  const json = (path: string, value: unknown): void => void files.set(path, Buffer.from(JSON.stringify(value)));
  for (const shard of [0, 1, 2]) {
    files.set(`data/rows/s${shard}.npy`, npy([400, 64], counted(1_000_000 * (shard + 1), 400 * 64)));
    files.set(`data/stream/s${shard}.npy`, npy([20_000], counted(1_000_000 * (shard + 5), 20_000)));
  }
  json('data/rows/manifest.json', { seq_len: 64, shards: ['s0.npy', { key: 's1.npy' }, { path: 'data/rows/s2.npy' }] });
  json('data/stream/manifest.json', {
    sequence_length: 32,
    shard_prefix: 'data/stream',
    shards: ['s0.npy', 's1.npy', 's2.npy'],
  });
  json('data/bundle.json', {
    sources: [
      { name: 'rows', manifest_url: 'rows/manifest.json', weight: 0.6 },
      { name: 'off', manifest_url: 'https://127.0.0.1/never/manifest.json', weight: 1, enabled: false },
      { name: 'stream', manifest_url: 'stream/manifest.json', weight: 0.4 },
    ],
  });
  return files;
}

export function inFolder(files: ReadonlyMap<string, Buffer>, folder = newFolder()): string {
  for (const [path, content] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

export interface Asked {
  path: string;
  range: string | undefined;
}

export interface Server {
  url: string;
  files: Map<string, Buffer>;
  /** By path. */
  behaviours: Map<string, Behaviour>;
  /** Whether the first bytes of a file are served well. */
  isGoodAtFirst: boolean;
  asked: Asked[];
}

/** A real server on loopback. */
export async function serving(files: Map<string, Buffer>): Promise<Server> {
  const served: Server = { url: '', files, behaviours: new Map(), isGoodAtFirst: false, asked: [] };
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '', 'http://any').pathname.slice(1);
    const { range } = request.headers;
    const isSpared = (one: Asked): boolean => served.isGoodAtFirst && one.range?.startsWith('bytes=0-') !== false;
    const nth = served.asked.filter((one) => one.path === path && !isSpared(one)).length;
    const behaviour = isSpared({ path, range }) ? undefined : served.behaviours.get(path);
    served.asked.push({ path, range });
    const content = served.files.get(path);
    if (!content) response.writeHead(404).end();
    else sendBody(request, response, content, { etag: `of-${content.length}`, nth }, behaviour);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  served.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return served;
}

/** Does not wait between two attempts. */
const hasty: Clock = { ...systemClock, sleep: (_ms, signal) => systemClock.sleep(1, signal) };

export function datasetOf(options: Record<string, unknown>, dataDir = newFolder()): TokenShards {
  return new TokenShards(shardOptions.parse({ timeoutMs: 2000, vocabularySize: 0, ...options }), {
    clock: hasty,
    dataDir,
    resolvePath: (path) => path,
    log: () => undefined,
  });
}

export const REQUEST: SampleRequest = {
  seed: 20_261_127n,
  tokenizer: {
    name: 'none',
    digest: '',
    eosTokenId: 0,
    vocabularySize: 2 ** 31,
    modelMaxLength: Number.POSITIVE_INFINITY,
    encode: () => [],
    decode: () => '',
  },
  sequenceLength: 64,
  batchSize: 1,
  pages: 0,
  sequences: 50,
  packSamples: true,
};

export const drawnFrom = (
  options: Record<string, unknown>,
  change: Partial<SampleRequest> = {},
  dataDir?: string,
): Promise<DatasetSample> =>
  datasetOf(options, dataDir).sample({ ...REQUEST, ...change }, new AbortController().signal);
