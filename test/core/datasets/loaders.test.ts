import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { DatasetProvider, SampleRequest } from '@assay/core/contracts/dataset-provider';
import type { Page, PageQuery, RowSource } from '@assay/core/contracts/row-source';
import type { Tokenizer } from '@assay/core/contracts/tokenizer';
import { asDataset } from '@assay/core/datasets/document-dataset';
import { datasetErrors } from '@assay/core/datasets/errors';
import { OffsetLoader } from '@assay/core/datasets/offset-loader';
import { rowDataset, splitDataset } from '@assay/core/datasets/row-dataset';
import { keepSecret } from '@assay/core/errors/secrets';
import type { DatasetImplementation } from '@assay/core/plugin/plugin';
import { systemClock } from '@assay/core/runtime/system-clock';
import { PythonRandom } from '@assay/core/sampling/python-random';
import { makesNothing } from '@assay/core/testing/makes-nothing';
import { letters } from '../../letters.js';

const never = new AbortController().signal;

interface World {
  dataset: DatasetProvider;
  rows: RowSource & { asked: PageQuery[] };
  sleeps: number[];
  logged: string[];
}

type Answering = (query: PageQuery, time: number) => Page | Error;
const fifty = ({ offset, length }: PageQuery): Page => ({
  rows: Array.from({ length }, (_none, index) => ({ text: `row ${offset + index}` })),
  revision: 'r1',
});

async function world(
  implementation: DatasetImplementation,
  answering: Answering = fifty,
  dataDir = mkdtempSync(join(tmpdir(), 'assay-loader-')),
): Promise<World> {
  const asked: PageQuery[] = [];
  const [sleeps, logged]: [number[], string[]] = [[], []];
  const rows = {
    description: 'a source',
    maxInFlight: 4,
    asked,
    page: (query: PageQuery): Promise<Page> => {
      asked.push(query);
      const answer = answering(query, asked.length);
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
    splits: () =>
      Promise.resolve([
        { config: 'default', split: 'train', rows: 9 },
        { config: 'a', split: 'train', rows: 5000 },
        { config: 'b', split: 'test', rows: 700 },
      ]),
  };
  const clock = {
    now: () => 0,
    sleep: (ms: number): Promise<void> => {
      sleeps.push(ms);
      return Promise.resolve();
    },
  };
  const log = (_level: string, message: string): void => void logged.push(message);
  const made = await implementation.create(
    {},
    {
      rows,
      clock,
      dataDir,
      netuid: 9,
      modules: [],
      make: makesNothing,
      environment: {},
      log,
      resolvePath: (path) => path,
    },
    never,
  );
  return { dataset: asDataset(made), rows, sleeps, logged };
}

const request = (change: Partial<SampleRequest> = {}): SampleRequest => ({
  seed: 7n,
  tokenizer: letters,
  sequenceLength: 20,
  batchSize: 1,
  pages: 3,
  packSamples: true,
  ...change,
});
const simple = rowDataset({ dataset: 'a/b', lastOffset: 1000 });

describe('a loader', () => {
  it('asks for the pages that it names, and says where they are from', async () => {
    const { dataset, rows } = await world(simple);
    const { pages, source } = await dataset.sample(request(), never);
    expect(rows.asked).toEqual(
      pages.map((page) => ({
        dataset: 'a/b',
        config: 'default',
        split: 'train',
        offset: Number(page),
        length: 50,
        gated: false,
      })),
    );
    expect(source).toBe('a/b (default, train) from a source at r1');
  });

  it('says it without a secret that a source tells it, to whoever asks and on disk', async () => {
    const secret = 'hf_theSecretOfTheseLoaders';
    keepSecret('HF_TOKEN', secret);
    const folder = mkdtempSync(join(tmpdir(), 'assay-loader-'));
    const { dataset } = await world(
      simple,
      (query) => ({ ...fifty(query), revision: `${secret} ${Buffer.from(`Bearer ${secret}`).toString('base64')}` }),
      folder,
    );
    const { source } = await dataset.sample(request(), never);
    expect(source).toMatch(/^a\/b \(default, train\) from a source at \[HF_TOKEN\] .*\[HF_TOKEN\]/);
    const [name = ''] = readdirSync(join(folder, 'samples'));
    const kept = gunzipSync(readFileSync(join(folder, 'samples', name))).toString('utf8');
    expect([kept.includes('[HF_TOKEN]'), kept.includes(secret)]).toEqual([true, false]);
  });

  it("cuts each row at the tokenizer's limit, then ends it", async () => {
    const { dataset } = await world(simple, ({ length }) => ({
      rows: Array.from({ length }, () => ({ text: 'abcdefgh' })),
    }));
    const { batches } = await dataset.sample(
      request({ tokenizer: { ...letters, modelMaxLength: 3 }, sequenceLength: 4 }),
      never,
    );
    expect(batches.flat()).toEqual(batches.map(() => [97, 98, 99, 0]));
  });

  it.each([
    ['as long as it is asked to', 17_000, 17_000],
    ['not shorter than ever', 1000, 5000],
    ['not for hours', 7_200_000, 60_000],
  ])('waits %s', async (_what, retryAfterMs, slept) => {
    const { dataset, sleeps } = await world(simple, (query, time) =>
      time === 1 ? datasetErrors.REQUEST_FAILED({ what: 'it', reason: 'status 429', retryAfterMs }) : fifty(query),
    );
    await dataset.sample(request(), never);
    expect(sleeps).toEqual([slept]);
  });

  it("takes `content` where there is no `text`, and null for a row that can't be used", async () => {
    const content = await world(simple, ({ length }) => ({
      rows: Array.from({ length }, () => ({ content: 'text' })),
    }));
    expect((await content.dataset.sample(request(), never)).batches.length).toBeGreaterThan(0);
    const own = await world(rowDataset({ dataset: 'a/b', lastOffset: 1000, column: 'poem' }), ({ length }) => ({
      rows: Array.from({ length }, () => ({ text: 'not this', poem: 'xyz' })),
    }));
    expect((await own.dataset.sample(request({ sequenceLength: 4 }), never)).batches[0]).toEqual([[120, 121, 122, 0]]);
    const none = await world(simple, ({ length }) => ({
      rows: Array.from({ length }, () => ({ text: null, content: 'not asked' })),
    }));
    await expect(none.dataset.sample(request(), never)).rejects.toMatchObject({
      code: 'ROW_UNUSABLE',
      message: expect.stringContaining('text is null') as unknown,
    });
    const splits = await world(splitDataset({ dataset: 'a/b' }), ({ length }) => ({
      rows: Array.from({ length }, () => ({ content: 'text' })),
    }));
    await expect(splits.dataset.sample(request(), never)).rejects.toMatchObject({
      code: 'ROW_UNUSABLE',
      message: expect.stringContaining('no column text') as unknown,
    });
  });

  it('of many configs leaves `default` out, and begins every page at one shift', async () => {
    const { dataset, rows } = await world(splitDataset({ dataset: 'a/b' }));
    const { pages } = await dataset.sample(request({ pages: 12 }), never);
    expect(new Set(rows.asked.map(({ config, split }) => `${config} ${split}`))).toEqual(
      new Set(['a train', 'b test']),
    );
    expect(new Set(rows.asked.map(({ offset }) => offset % 50)).size).toBe(1);
    expect(new Set(pages).size).toBe(12);
  });

  it('waits for many pages at once without a warning on stderr', async () => {
    const warnings: Error[] = [];
    const listen = (warning: Error): void => void warnings.push(warning);
    process.on('warning', listen);
    const rows = {
      description: 'a source',
      maxInFlight: 24,
      page: () => Promise.reject(datasetErrors.REQUEST_FAILED({ what: 'it', reason: 'no' })),
      splits: () => Promise.resolve([]),
    };
    const loader = new OffsetLoader(
      { dataset: 'a/b', config: 'default', split: 'train', lastOffset: 1000, gated: false },
      { rows, clock: systemClock },
    );
    const stop = new AbortController();
    const drawing = loader.collect(request({ pages: 24 }), new PythonRandom(1n), stop.signal);
    setTimeout(() => {
      stop.abort();
    }, 100);
    await expect(drawing).rejects.toMatchObject({ code: 'ABORTED' });
    process.off('warning', listen);
    expect(warnings).toEqual([]);
  });

  it.each<[value: unknown, kind: string]>([
    [{}, 'an object'],
    [[], 'a list'],
    [7, 'a number'],
    [null, 'null'],
  ])('says of a row with %j that its text is %s', async (value, kind) => {
    const { dataset } = await world(simple, ({ length }) => ({
      rows: Array.from({ length }, () => ({ text: value })),
    }));
    await expect(dataset.sample(request(), never)).rejects.toMatchObject({
      code: 'ROW_UNUSABLE',
      message: expect.stringMatching(new RegExp(`can't be used: text is ${kind}$`)) as unknown,
    });
  });

  it.each<[what: string, draw: (tokenizer: Tokenizer, signal: AbortSignal) => Promise<unknown>]>([
    ['rows', async (tokenizer, signal) => (await world(simple)).dataset.sample(request({ tokenizer }), signal)],
    [
      'rows that name their texts',
      async (tokenizer, signal) => {
        const { rows } = await world(simple);
        const loader = new OffsetLoader(
          { dataset: 'a/b', config: 'default', split: 'train', lastOffset: 1000, gated: false },
          { rows, clock: systemClock, rowText: () => 'text' },
        );
        return loader.collect(request({ tokenizer }), new PythonRandom(1n), signal);
      },
    ],
    [
      'documents',
      (tokenizer, signal) =>
        asDataset({
          documents: () =>
            Promise.resolve({ documents: Array.from({ length: 500 }, () => 'text'), pages: [], source: 'here' }),
        }).sample(request({ tokenizer }), signal),
    ],
  ])('ends with its signal among %s, though tokenizing takes its time', async (_what, draw) => {
    const stop = new AbortController();
    let encoded = 0;
    const slow: Tokenizer = {
      ...letters,
      encode: (text) => {
        encoded += 1;
        const until = performance.now() + 5;
        while (performance.now() < until);
        return letters.encode(text);
      },
    };
    setTimeout(() => {
      stop.abort(new Error('enough'));
    }, 20);
    await expect(draw(slow, stop.signal)).rejects.toThrow('enough');
    expect(encoded).toBeLessThan(100);
  });

  it('ends with its signal while it waits', async () => {
    const { dataset } = await world(simple, () => datasetErrors.REQUEST_FAILED({ what: 'it', reason: 'no' }));
    await expect(dataset.sample(request(), AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
  });
});

describe('what was drawn is kept', () => {
  it('for the same request, also by another process, and for no other', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'assay-loader-'));
    const first = await (await world(simple, fifty, folder)).dataset.sample(request(), never);
    const again = await world(simple, fifty, folder);
    expect(await again.dataset.sample(request(), never)).toEqual(first);
    expect(again.rows.asked).toEqual([]);
    const others: Partial<SampleRequest>[] = [
      { seed: 8n },
      { pages: 4 },
      { sequenceLength: 10 },
      { batchSize: 2 },
      { packSamples: false },
      { tokenizer: { ...letters, digest: 'c' } },
    ];
    for (const [index, change] of others.entries()) {
      await again.dataset.sample(request(change), never);
      expect(again.rows.asked.length).toBeGreaterThan(2 * (index + 1));
    }
    const other = await world(rowDataset({ dataset: 'a/b', config: 'other', lastOffset: 1000 }), fifty, folder);
    await other.dataset.sample(request(), never);
    expect(other.rows.asked).not.toEqual([]);
  });

  it.each<[what: string, spoil: (content: Buffer) => Buffer]>([
    ['cut off', (content) => content.subarray(0, content.length / 2)],
    ['empty', () => Buffer.alloc(0)],
    [
      'changed',
      (content) => Buffer.from(content.map((byte, index) => (index === content.length - 12 ? byte ^ 1 : byte))),
    ],
  ])('unless the file is %s: then it is drawn anew', async (_what, spoil) => {
    const folder = mkdtempSync(join(tmpdir(), 'assay-loader-'));
    const first = await (await world(simple, fifty, folder)).dataset.sample(request(), never);
    const [name = ''] = readdirSync(join(folder, 'samples'));
    writeFileSync(join(folder, 'samples', name), spoil(readFileSync(join(folder, 'samples', name))));
    const again = await world(simple, fifty, folder);
    expect(await again.dataset.sample(request(), never)).toEqual(first);
    expect(again.rows.asked).toHaveLength(3);
    expect(again.logged).toEqual(['a kept sample set is damaged and is fetched anew']);
  });

  it("and where it can't be, it is drawn all the same", async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'assay-loader-')), 'file');
    writeFileSync(file, '');
    const { dataset, logged } = await world(simple, fifty, file);
    expect((await dataset.sample(request(), never)).pages).toHaveLength(3);
    expect(logged.at(-1)).toBe('a sample set could not be kept');
  });
});
