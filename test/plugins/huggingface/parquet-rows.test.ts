import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SchemaElement } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { beforeEach, describe, expect, it } from 'vitest';
import { makeImplementation, type MakingSurroundings } from '@assay/core/composition/make';
import type { PageQuery, RowSource } from '@assay/core/contracts/row-source';
import { OffsetLoader } from '@assay/core/datasets/offset-loader';
import { checkPlugin } from '@assay/core/plugin/check';
import { PluginRegistry } from '@assay/core/plugin/registry';
import { Disposers } from '@assay/core/runtime/disposers';
import { PythonRandom } from '@assay/core/sampling/python-random';
import huggingFace from '@assay/plugin-huggingface';
import { letters } from '../../letters.js';
import { fakeService, json, rowsAnswer, type FakeService } from './fake-services.js';

const never = new AbortController().signal;
/** A split in three files of several row groups. */
const FILES = [130, 77, 205];
const TOTAL = FILES.reduce((sum, rows) => sum + rows, 0);
const textOf = (row: number): string => `row ${row} ${'é'.repeat(row % 7)}`;
const optional = { repetition_type: 'OPTIONAL' } as const;
const SCHEMA: SchemaElement[] = [
  { name: 'root', num_children: 3 },
  { name: 'text', type: 'BYTE_ARRAY', converted_type: 'UTF8', ...optional },
  { name: 'size', type: 'INT64', ...optional },
  { name: 'meta', num_children: 3, ...optional },
  { name: 'count', type: 'INT64', ...optional },
  { name: 'at', type: 'INT64', converted_type: 'TIMESTAMP_MILLIS', ...optional },
  { name: 'score', type: 'DOUBLE', ...optional },
];
/** A struct whose members are no JSON as they are read. */
const metaOf = (row: number): object | null =>
  row % 5 === 0 ? null : { count: BigInt(row), at: new Date(row * 1000), score: row % 2 === 0 ? row / 2 : Number.NaN };
const BUFFERS = FILES.map((rows, file) => {
  const first = FILES.slice(0, file).reduce((sum, count) => sum + count, 0);
  const texts = Array.from({ length: rows }, (_none, index) => textOf(first + index));
  const columnData = [
    { name: 'text', data: texts },
    { name: 'size', data: texts.map((text) => BigInt(text.length)) },
    { name: 'meta', data: texts.map((_text, index) => metaOf(first + index)) },
  ];
  return Buffer.from(parquetWriteBuffer({ columnData, schema: SCHEMA, rowGroupSize: 40 }));
});

let hub: FakeService;
let server: FakeService;
beforeEach(async () => {
  hub = await fakeService((response, { path, range }) => {
    if (path === '/api/datasets/a/b/parquet/default/train') {
      json(
        response,
        FILES.map((_rows, file) => `https://huggingface.co/api/datasets/a/b/parquet/default/train/${file}.parquet`),
      );
      return;
    }
    const buffer = BUFFERS[Number(/(\d)\.parquet$/.exec(path)?.[1])];
    const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? [];
    if (!buffer || start === undefined) {
      response.writeHead(404).end();
      return;
    }
    const part = buffer.subarray(Number(start), Number(end) + 1);
    response.writeHead(206, { 'content-range': `bytes ${start}-${end}/${buffer.length}` }).end(part);
  });
  server = await fakeService((response, { query }) => {
    const offset = Number(query['offset']);
    json(
      response,
      rowsAnswer(
        Array.from({ length: Math.max(0, Math.min(Number(query['length']), TOTAL - offset)) }, (_none, index) =>
          textOf(offset + index),
        ),
        offset,
      ),
    );
  });
});

const dataDir = (): string => mkdtempSync(join(tmpdir(), 'assay-parquet-'));
async function source(
  options: Record<string, unknown>,
  folder = dataDir(),
  environment: Record<string, string> = {},
): Promise<RowSource> {
  const surroundings: MakingSurroundings = {
    registry: new PluginRegistry([checkPlugin('huggingface', huggingFace)]),
    profile: { netuid: 9 },
    config: { readOnly: false },
    clock: { now: () => 0, sleep: () => Promise.resolve() },
    environment,
    log: () => undefined,
    resolvePath: (path) => path,
    mode: 'read',
  };
  const place = { dataDir: folder, outer: [], disposers: new Disposers(surroundings.log) };
  const choice = { use: 'huggingface', hubUrl: hub.url, endpoint: server.url, timeoutMs: 500, ...options };
  return (await makeImplementation('rows', choice, place, surroundings, never)) as RowSource;
}

const at = (offset: number, change: Partial<PageQuery> = {}): PageQuery => ({
  dataset: 'a/b',
  config: 'default',
  split: 'train',
  offset,
  length: 50,
  gated: false,
  ...change,
});

describe('parquet files', () => {
  it.each([0, 1, 39, 79, 80, 81, 129, 130, 131, 206, 207, 360, TOTAL - 50, TOTAL - 20, TOTAL, TOTAL + 9])(
    'from row %i on hold the rows of the rows API',
    async (offset) => {
      const { rows } = await (await source({ source: 'parquet' })).page(at(offset), never);
      const { rows: expected } = await (await source({ source: 'rows-api' })).page(at(offset), never);
      expect(rows.map(({ text }) => ({ text }))).toEqual(expected);
      expect(rows.map(({ size }) => size)).toEqual(expected.map(({ text }) => String(text).length));
    },
  );

  it('hold JSON inside structs too', async () => {
    const { rows } = await (await source({ source: 'parquet' })).page(at(4, { length: 3 }), never);
    expect(rows.map(({ meta }) => meta)).toEqual([
      { count: 4, at: '1970-01-01T00:00:04.000Z', score: 2 },
      null,
      { count: 6, at: '1970-01-01T00:00:06.000Z', score: 3 },
    ]);
    expect((await (await source({ source: 'parquet' })).page(at(7, { length: 1 }), never)).rows[0]?.['meta']).toEqual({
      count: 7,
      at: '1970-01-01T00:00:07.000Z',
      score: null,
    });
  });

  it('give a loader the same tokens and leave the same random stream', async () => {
    const draw = async (options: Record<string, unknown>): Promise<unknown> => {
      const loader = new OffsetLoader(
        { dataset: 'a/b', config: 'default', split: 'train', lastOffset: TOTAL, gated: false },
        { rows: await source(options), clock: { now: () => 0, sleep: () => Promise.resolve() } },
      );
      const random = new PythonRandom(3n);
      const { stream, pages } = await loader.collect(
        { seed: 3n, tokenizer: letters, sequenceLength: 8, batchSize: 1, pages: 12, packSamples: true },
        random,
        never,
      );
      return { stream, pages, next: random.random() };
    };
    expect(await draw({ source: 'parquet' })).toEqual(await draw({ source: 'rows-api' }));
  });

  it('are measured once: their row counts are kept on disk', async () => {
    const folder = dataDir();
    await (await source({ source: 'parquet' }, folder)).page(at(380), never);
    const first = hub.seen.filter(({ range }) => range === 'bytes=0-0').length;
    await (await source({ source: 'parquet' }, folder)).page(at(10), never);
    expect([first, hub.seen.filter(({ range }) => range === 'bytes=0-0').length]).toEqual([3, 3]);
  });

  it('stand in where the rows API fails, page by page, and nothing is drawn anew', async () => {
    const answer = server.answer;
    server.answer = (response, seen, request) => {
      if (Number(seen.query['offset']) % 2 === 0) response.writeHead(503).end();
      else answer(response, seen, request);
    };
    const rows = await source({ source: 'rows-api-else-parquet' });
    for (const offset of [100, 101])
      expect((await rows.page(at(offset), never)).rows[0]?.['text']).toBe(textOf(offset));
  });

  it('that are none, or shorter than they say, are refused with a reason', async () => {
    const answer = hub.answer;
    hub.answer = (response, seen, request) => {
      if (seen.path.endsWith('.parquet') && seen.range !== 'bytes=0-0')
        response
          .writeHead(206)
          .end(
            Buffer.alloc(
              Number(/-(\d+)/.exec(seen.range ?? '')?.[1]) + 1 - Number(/=(\d+)/.exec(seen.range ?? '')?.[1]),
              'x',
            ),
          );
      else answer(response, seen, request);
    };
    await expect((await source({ source: 'parquet' })).page(at(0), never)).rejects.toMatchObject({
      code: 'ANSWER_MALFORMED',
    });
    hub.answer = (response, seen, request) => {
      if (seen.path.endsWith('.parquet') && seen.range !== 'bytes=0-0') response.writeHead(206).end('short');
      else answer(response, seen, request);
    };
    await expect((await source({ source: 'parquet' })).page(at(0), never)).rejects.toMatchObject({
      code: 'REQUEST_FAILED',
    });
    hub.answer = (response) => response.writeHead(200).end('the whole file');
    await expect((await source({ source: 'parquet' })).page(at(0), never)).rejects.toMatchObject({
      code: 'REQUEST_FAILED',
    });
  });

  it('of a gated dataset are asked for with the token, which stays with the hub', async () => {
    const elsewhere = await fakeService((response, seen, request) => {
      inner(response, seen, request);
    });
    const inner = hub.answer;
    hub.answer = (response, seen, request) => {
      if (seen.path.endsWith('.parquet')) response.writeHead(302, { location: `${elsewhere.url}${seen.path}` }).end();
      else inner(response, seen, request);
    };
    const rows = await source({ source: 'parquet' }, dataDir(), { HF_TOKEN: 'hf_secret' });
    expect((await rows.page(at(5, { gated: true }), never)).rows).toHaveLength(50);
    expect(new Set(hub.seen.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer hf_secret']));
    expect(new Set(elsewhere.seen.map(({ authorization }) => authorization))).toEqual(new Set([undefined]));
  });
});
