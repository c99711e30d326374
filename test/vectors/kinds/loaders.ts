import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { SampleRequest } from '@assay/core/contracts/dataset-provider';
import type { Row, RowSource } from '@assay/core/contracts/row-source';
import type { Tokenizer } from '@assay/core/contracts/tokenizer';
import { datasetErrors } from '@assay/core/datasets/errors';
import { RowDataset } from '@assay/core/datasets/row-dataset';
import type { Collected, Loader } from '@assay/core/datasets/sample-set';
import { isAssayError } from '@assay/core/errors/assay-error';
import type { DatasetDeps, Plugin } from '@assay/core/plugin/plugin';
import { batchesOf, shuffleAndTruncate } from '@assay/core/sampling/packing';
import { PythonRandom } from '@assay/core/sampling/python-random';
import { makesNothing } from '@assay/core/testing/makes-nothing';
import refinedWeb from '@assay/competition-refined-web';
import sixTasks from '@assay/competition-six-tasks';
import theStackV2 from '@assay/competition-the-stack-v2';
import { StackLoader } from '@assay/competition-the-stack-v2/dist/stack-dataset.js';
import { RowsApi } from '@assay/plugin-huggingface/dist/rows-api.js';
import huggingFace from '@assay/plugin-huggingface';
import {
  bigint,
  closeDouble,
  equal,
  fields,
  list,
  Mismatch,
  number,
  numbers,
  text,
  type Fields,
  type Kind,
  type UnitResult,
} from '../unit.js';

const pack = promisify(gzip);
const EOS = 256;
const ENDPOINT = 'https://datasets-server.huggingface.co';
const BUCKET = 'https://softwareheritage.s3.amazonaws.com/';
const TOKEN = 'hf_fake';
/** As the product has it when the config says nothing. */
const { timeoutMs: TIMEOUT_MS } = huggingFace.provides.rows?.options.parse({}) as { timeoutMs: number };

/** Ids are the UTF-8 bytes of the text, as in the vectors. */
const bytes: Tokenizer = {
  name: 'bytes',
  digest: '0'.repeat(64),
  eosTokenId: EOS,
  vocabularySize: EOS + 1,
  modelMaxLength: Number.POSITIVE_INFINITY,
  encode: (given) => [...Buffer.from(given, 'utf8')],
  decode: (ids) => Buffer.from(ids).toString('utf8'),
};

/** The reference's class, and the dataset that is it here. */
const DATASETS: Readonly<Record<string, { plugin: Plugin; id: string }>> = {
  SubsetFalconLoader: { plugin: refinedWeb, id: 'tiiuae/falcon-refinedweb' },
  SubsetFineWebEdu2Loader: { plugin: theStackV2, id: 'HuggingFaceFW/fineweb-edu-score-2' },
  SubsetFineWebLoader: { plugin: sixTasks, id: 'HuggingFaceFW/fineweb' },
  SubsetStackV1DedupLoader: { plugin: theStackV2, id: 'bigcode/the-stack-dedup' },
  SubsetPes2oXLoader: { plugin: sixTasks, id: 'laion/Pes2oX-fulltext' },
  SubsetFineMathLoader: { plugin: sixTasks, id: 'HuggingFaceTB/finemath:finemath-3plus' },
  SubsetInfiWebMathLoader: { plugin: sixTasks, id: 'HuggingFaceTB/finemath:infiwebmath-3plus' },
};

interface Asked {
  url: string;
  params: Record<string, string>;
  authorization: string | null;
}

/** The recorded services: each request gets the answers that were given to it, in their order, and is written down. */
class RecordedServices {
  readonly asked: Asked[] = [];
  readonly sleeps: number[] = [];
  readonly #answers = new Map<string, Fields[]>();

  constructor(requests: readonly unknown[]) {
    for (const request of requests.map(fields)) {
      const key =
        request['s3'] === undefined
          ? keyOf(text(request['url']), strings(fields(request['params'])))
          : text(request['s3']);
      this.#answers.set(key, [...(this.#answers.get(key) ?? []), request]);
    }
  }

  readonly fetch = async (url: string, { headers }: RequestInit): Promise<Response> => {
    const { origin, pathname, searchParams } = new URL(url);
    const params = Object.fromEntries(searchParams);
    this.asked.push({ url: `${origin}${pathname}`, params, authorization: new Headers(headers).get('authorization') });
    const answer = this.#next(keyOf(`${origin}${pathname}`, params));
    if (isFailure(answer)) throw new TypeError('fetch failed');
    const status = typeof answer['status'] === 'number' ? answer['status'] : 200;
    const body = typeof answer['body'] === 'string' ? answer['body'] : JSON.stringify(answer['response'] ?? {});
    return Promise.resolve(new Response(body, { status }));
  };

  readonly blobs = {
    read: async (key: string): Promise<Buffer> => {
      const url = `${BUCKET}${key}`;
      this.asked.push({ url, params: {}, authorization: null });
      const answer = this.#next(url);
      if (isFailure(answer)) throw datasetErrors.REQUEST_FAILED({ what: key, reason: 'fake' });
      // What has no text came, and was nothing that could be decoded.
      return typeof answer['text'] === 'string' ? pack(answer['text']) : Buffer.from('no gzip');
    },
    requireAccess: () => Promise.resolve(),
  };

  readonly clock = {
    now: () => 0,
    sleep: (ms: number): Promise<void> => {
      this.sleeps.push(ms / 1000);
      return Promise.resolve();
    },
  };

  #next(key: string): Fields {
    const waiting = this.#answers.get(key);
    const answer = waiting && waiting.length > 1 ? waiting.shift() : waiting?.[0];
    if (!answer) throw new Mismatch(`nobody asked for ${key}`);
    return answer;
  }
}

const isFailure = ({ fails }: Fields): boolean => fails !== undefined && fails !== null && fails !== false;

const keyOf = (url: string, params: Record<string, string>): string =>
  `${url}?${new URLSearchParams(params).toString()}`;
const strings = (given: Fields): Record<string, string> =>
  Object.fromEntries(Object.entries(given).map(([key, value]) => [key, String(value)]));

export const loaders: Kind = async (content) => {
  const results: UnitResult[] = [];
  for (const [index, item] of list(content['cases']).entries()) {
    results.push(
      await unitOf(`cases[${index}]`, async () => {
        const given = fields(item);
        await agrees(given, 1);
        await agrees(given, 8);
      }),
    );
  }
  return results;
};

async function unitOf(name: string, check: () => Promise<void>): Promise<UnitResult> {
  try {
    await check();
    return { unit: name, status: 'passed' };
  } catch (error) {
    return { unit: name, status: 'failed', detail: error instanceof Error ? error.message : String(error) };
  }
}

/** One case with so many requests in flight. With one, requests and pauses are the recorded ones; with more, all but their order. */
async function agrees(given: Fields, inFlight: number): Promise<void> {
  const services = new RecordedServices(list(given['requests']));
  const loader = await loaderOf(text(given['loader']), inFlight, services);
  const request: SampleRequest = {
    seed: bigint(given['seed']),
    tokenizer: bytes,
    sequenceLength: number(given['sequence_length']),
    batchSize: number(given['batch_size']),
    pages: number(given['num_pages']),
    packSamples: given['pack_samples'] !== false,
  };
  const random = new PythonRandom(request.seed);
  const what = (name: string): string => `${name} (${inFlight} in flight)`;
  const outcome = await settled(loader, request, random);
  closeDouble(what('next_global_random'), random.random(), given['next_global_random']);
  if (inFlight === 1) requestsAgree(services, given);
  if (given['raises'] !== undefined) {
    if (!(outcome instanceof Error)) throw new Mismatch(what(`expected ${text(given['raises'])}, found a sample`));
    if (!isAssayError(outcome)) throw outcome;
    return;
  }
  if (outcome instanceof Error) throw outcome;
  equal(what('page_names'), outcome.pages, list(given['page_names']).map(String));
  equal(what('buffer'), outcome.stream, numbers(given['buffer']));
  const batches = batchesOf(outcome.stream, request);
  equal(what('batches'), batches, given['batches']);
  equal(
    what('shuffled_order'),
    shuffleAndTruncate(
      batches.map((_batch, index) => index),
      request.seed,
    ),
    given['shuffled_order'],
  );
}

async function settled(loader: Loader, request: SampleRequest, random: PythonRandom): Promise<Collected | Error> {
  try {
    return await loader.collect(request, random, new AbortController().signal);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

async function loaderOf(name: string, maxInFlight: number, services: RecordedServices): Promise<Loader> {
  const rows = new RowsApi(
    { endpoint: ENDPOINT, maxInFlight },
    { fetch: services.fetch, clock: services.clock, environment: { HF_TOKEN: TOKEN }, timeoutMs: TIMEOUT_MS },
  );
  const { clock } = services;
  if (name === 'SubsetStackV2DedupLoader') return new StackLoader({ rows, clock }, services.blobs);
  const { plugin, id } = DATASETS[name] ?? {};
  const dataset =
    plugin && id !== undefined
      ? await plugin.provides.datasets?.[id]?.create({}, datasetDeps(rows, clock), new AbortController().signal)
      : undefined;
  if (!(dataset instanceof RowDataset)) throw new Mismatch(`no dataset is ${name}`);
  return dataset.loader;
}

const datasetDeps = (rows: RowSource, clock: RecordedServices['clock']): DatasetDeps => ({
  rows,
  clock,
  dataDir: '/nowhere',
  netuid: 9,
  modules: [],
  make: makesNothing,
  environment: {},
  log: () => undefined,
  resolvePath: (path) => path,
});

function requestsAgree({ asked, sleeps }: RecordedServices, given: Fields): void {
  const expected = list(given['requests'])
    .map(fields)
    .map((request): Asked => {
      if (request['s3'] !== undefined) return { url: text(request['s3']), params: {}, authorization: null };
      const headers =
        request['headers'] === null || request['headers'] === undefined ? {} : strings(fields(request['headers']));
      equal('timeout', TIMEOUT_MS / 1000, request['timeout']);
      return {
        url: text(request['url']),
        params: strings(fields(request['params'])),
        authorization: headers['Authorization'] ?? null,
      };
    });
  for (const [index, request] of expected.entries()) equal(`request ${index}`, asked[index], request);
  equal('number of requests', asked.length, expected.length);
  equal('sleeps', sleeps, given['sleeps']);
}

/** The tasks of a round without their rows: pages, their names, what would be asked for, and the order of the batches. */
export const runStepData: Kind = async (content) => {
  const seed = bigint(content['seed']);
  const results: UnitResult[] = [];
  for (const [index, item] of list(content['tasks']).entries()) {
    results.push(
      await unitOf(`tasks[${index}]`, async () => {
        await taskAgrees(fields(item), seed, content);
      }),
    );
  }
  return results;
};

/** Names of the tasks' loaders by number, as the reference has them. */
const LOADERS: Readonly<Record<number, string>> = {
  1: 'SubsetFalconLoader',
  2: 'SubsetFineWebLoader',
  3: 'SubsetFineWebEdu2Loader',
  4: 'SubsetStackV1DedupLoader',
  5: 'SubsetStackV2DedupLoader',
  6: 'SubsetPes2oXLoader',
  7: 'SubsetFineMathLoader',
  8: 'SubsetInfiWebMathLoader',
};

async function taskAgrees(given: Fields, seed: bigint, content: Fields): Promise<void> {
  const services = new AnyRows(
    content['size_splits'] === undefined
      ? SIZES
      : list(content['size_splits'])
          .map(fields)
          .map((split) => ({
            config: text(split['config']),
            split: text(split['split']),
            rows: number(split['num_rows']),
          })),
  );
  const kwargs = fields(given['dataset_kwargs']);
  const loader = await loaderOver(LOADERS[number(given['dataset_id'])] ?? '', services);
  const request: SampleRequest = {
    seed,
    tokenizer: bytes,
    sequenceLength: number(content['sequence_length'] ?? 256),
    batchSize: number(kwargs['batch_size']),
    pages: number(kwargs['num_pages']),
    packSamples: true,
  };
  const { pages } = await loader.collect(request, new PythonRandom(seed), new AbortController().signal);
  equal('page_names', pages, list(given['page_names']).map(String));
  const asked = list(given['request_params']).map((params) => strings(fields(params)));
  equal('request_params', services.asked, asked);
  const order = shuffleAndTruncate(
    Array.from({ length: number(given['n_batches']) }, (_none, index) => index),
    seed,
  );
  equal('shuffled_order', order, given['shuffled_order']);
  const known = list(given['first_kept'] ?? []);
  if (known.length > 0) equal('sequence length', list(known[0]).length, request.sequenceLength);
  const first = list(given['kept'] ?? [])[0];
  if (first !== undefined) equal('first kept', sha256(pythonJson(given['first_kept'])), first);
}

const sha256 = (given: string): string => createHash('sha256').update(given).digest('hex');
/** As Python's json.dumps separates. */
const pythonJson = (value: unknown): string => JSON.stringify(value).replaceAll(',', ', ');

/** Sizes of the fake /size answer with which the vectors were made: those of loaders.json. */
const SIZES = [
  { config: 'default', split: 'train', rows: 10_000_000 },
  { config: 'CC-MAIN-2013-20', split: 'train', rows: 48_471_211 },
  { config: 'CC-MAIN-2014-10', split: 'train', rows: 5003 },
  { config: 'CC-MAIN-2024-10', split: 'train', rows: 9_007_199_254 },
  { config: 'CC-MAIN-2019-04', split: 'test', rows: 777 },
];

/** A source with text in every row, which writes down what it is asked for. */
class AnyRows implements RowSource {
  readonly description = 'any rows';
  readonly maxInFlight = 1;
  readonly asked: Record<string, string>[] = [];

  constructor(private readonly sizes: readonly { config: string; split: string; rows: number }[]) {}

  page({ dataset, config, split, offset, length }: Parameters<RowSource['page']>[0]): ReturnType<RowSource['page']> {
    this.asked.push({ dataset, config, split, offset: String(offset), length: String(length) });
    const row: Row = { text: 'any text, and enough of it', blob_id: 'any', src_encoding: 'UTF-8' };
    return Promise.resolve({ rows: Array.from({ length }, () => row) });
  }

  splits(dataset: string): ReturnType<RowSource['splits']> {
    this.asked.push({ dataset });
    return Promise.resolve(this.sizes);
  }
}

async function loaderOver(name: string, rows: RowSource): Promise<Loader> {
  const clock = { now: () => 0, sleep: () => Promise.resolve() };
  if (name === 'SubsetStackV2DedupLoader') {
    const blobs = { read: () => pack('any text, and enough of it'), requireAccess: () => Promise.resolve() };
    return new StackLoader({ rows, clock }, blobs);
  }
  const { plugin, id } = DATASETS[name] ?? {};
  const dataset =
    plugin && id !== undefined
      ? await plugin.provides.datasets?.[id]?.create(
          {},
          { ...datasetDeps(rows, { now: () => 0, sleep: () => Promise.resolve() }) },
          new AbortController().signal,
        )
      : undefined;
  if (!(dataset instanceof RowDataset)) throw new Mismatch(`no dataset is ${name}`);
  return dataset.loader;
}
