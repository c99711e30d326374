import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatasetProvider, DatasetSample, SampleRequest } from '../contracts/dataset-provider.js';
import type { Page, PageQuery, Row, RowSource, SplitSize } from '../contracts/row-source.js';
import type { Tokenizer } from '../contracts/tokenizer.js';
import { checkedSample } from '../datasets/checked-sample.js';
import { providerOf } from '../datasets/document-dataset.js';
import { datasetErrors } from '../datasets/errors.js';
import { abortError, toAssayError } from '../errors/describe.js';
import type { DatasetDeps, DatasetImplementation } from '../plugin/plugin.js';
import { demand, type Check } from './checks.js';

/** What a dataset is tried with. */
export interface DatasetWorld {
  /** Options from the task and the config file. */
  options: Readonly<Record<string, unknown>>;
  /** Rows in place of the real ones: any text in every column when left out. */
  rows?: RowSource;
  /** Variables, for datasets that need credentials. */
  environment?: Readonly<Record<string, string | undefined>>;
}

const SECRET = 'conformance-secret-0b5e';
const SOON_MS = 5000;
const MOST_REQUESTS = 2000;

/** A token for each byte, the end of a text is 256. */
const bytes: Tokenizer = {
  name: 'bytes',
  digest: 'b'.repeat(64),
  eosTokenId: 256,
  vocabularySize: 257,
  modelMaxLength: 8192,
  encode: (text) => [...Buffer.from(text, 'utf8')],
  decode: (ids) => Buffer.from(ids).toString('utf8'),
};

const request = (change: Partial<SampleRequest> = {}): SampleRequest => ({ seed: 75_975_164n, tokenizer: bytes, sequenceLength: 64, batchSize: 1, pages: 3, packSamples: true, ...change });

/** What every dataset has to do. Each check makes its own, in an empty folder. */
export function datasetChecks(implementation: DatasetImplementation, world: DatasetWorld): Record<string, Check> {
  const drawn = (change?: Partial<SampleRequest>, rows?: RowSource): Promise<DatasetSample> => withDataset(implementation, world, (dataset, signal) => dataset.sample(request(change), signal), rows);
  return {
    'gives full batches of tokens, and names the pages': async () => {
      const change = { batchSize: 2 };
      const { batches, pages, source } = checkedSample(await drawn(change), request(change));
      demand(batches.length > 0, 'there is no batch');
      demand(pages.length > 0 && source !== '', 'it does not say where they are from');
    },
    'draws the same for the same seed, on any machine and at any time': async () => {
      const first = await drawn();
      const again = await withTamperedWorld(() => drawn());
      demand(same(first, again), 'another clock, or Math.random, changes what is drawn');
    },
    'draws the same twice from one instance': async () => {
      await withDataset(implementation, world, async (dataset, signal) => {
        const [first, second] = [await dataset.sample(request(), signal), await dataset.sample(request(), signal)];
        demand(same(first, second), 'the second draw is another');
      });
    },
    'draws something else for another seed': async () => {
      demand(!same((await drawn()).pages, (await drawn({ seed: 5n })).pages), 'the seed does not matter');
    },
    'keeps documents apart when they are not packed': async () => {
      const { batches } = await drawn({ packSamples: false });
      demand(batches.flat().every((row) => row.indexOf(256) < 0 || row.slice(row.indexOf(256)).every((id) => id === 256)), 'a sequence holds two documents');
    },
    'ends with its signal, before the work and in the middle of it': async () => {
      const stopped = AbortSignal.abort(abortError());
      await refusal(withDataset(implementation, world, (dataset) => dataset.sample(request(), stopped)), 'it draws although it was stopped before');
      const stop = new AbortController();
      setTimeout(() => {
        stop.abort(abortError());
      }, 20);
      const never = world.rows === undefined ? silent : undefined;
      const ending = withDataset(implementation, world, (dataset) => dataset.sample(request(), stop.signal), never).then(() => undefined, () => undefined);
      const inTime = await Promise.race([ending.then(() => true), new Promise<boolean>((resolve) => setTimeout(resolve, SOON_MS, false).unref())]);
      demand(inTime, `it goes on for more than ${SOON_MS / 1000} s`);
    },
    'gives up on a source that never answers well, and blames no miner': async () => {
      if (world.rows !== undefined) return;
      const failing = new FailingRows();
      // Whoever does not ask has its texts from elsewhere.
      await blameless(drawn({}, failing).then((sample) => (failing.asked === 0 ? Promise.reject(datasetErrors.REQUEST_FAILED({ what: 'nothing', reason: 'not asked' })) : sample)));
      demand(failing.asked <= MOST_REQUESTS, `it asked ${failing.asked} times`);
    },
    'has an error with a code for rows that are not what they should be': async () => {
      if (world.rows !== undefined) return;
      for (const row of HOSTILE_ROWS) await blameless(drawn({}, new TextRows(() => row)), true);
    },
    'says nothing of the credentials that it uses': async () => {
      const logged: unknown[] = [];
      const environment = { ...world.environment, HF_TOKEN: SECRET, AWS_SECRET_ACCESS_KEY: SECRET };
      const deps = { log: (...line: unknown[]): void => void logged.push(line), environment };
      const outcomes = await Promise.all(
        [undefined, new FailingRows()].map((rows) =>
          withDataset(implementation, { ...world, environment }, (dataset, signal) => dataset.sample(request(), signal), world.rows ?? rows, deps).catch((error: unknown) => toAssayError(error).toReport()),
        ),
      );
      demand(!JSON.stringify([outcomes, logged]).includes(SECRET), 'a credential stands in the sample, in an error or in the log');
    },
  };
}

async function withDataset<T>(
  implementation: DatasetImplementation,
  { options, rows, environment = {} }: DatasetWorld,
  use: (dataset: DatasetProvider, signal: AbortSignal) => Promise<T>,
  given: RowSource = rows ?? new TextRows(),
  change: Partial<DatasetDeps> = {},
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'assay-conformance-'));
  const { signal } = new AbortController();
  const deps: DatasetDeps = {
    rows: given,
    clock: { now: () => 0, sleep: (_ms, stop) => (stop.aborted ? Promise.reject(abortError()) : Promise.resolve()) },
    dataDir: folder,
    netuid: 0,
    modules: [],
    environment,
    log: () => undefined,
    resolvePath: (path) => path,
    ...change,
  };
  try {
    await mkdir(folder, { recursive: true });
    const checked = implementation.options.parse(options);
    return await use(providerOf(await implementation.create(checked, deps, signal)), signal);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Another time of day, and a random generator that is another. */
async function withTamperedWorld<T>(work: () => Promise<T>): Promise<T> {
  const { random } = Math;
  const { now } = Date;
  Math.random = () => 0.123;
  Date.now = () => now() + 86_400_000;
  try {
    return await work();
  } finally {
    Math.random = random;
    Date.now = now;
  }
}

async function refusal(work: Promise<unknown>, otherwise: string): Promise<void> {
  const refused = await work.then(() => false, () => true);
  demand(refused, otherwise);
}

/** @param mayPass whether a sample is an answer as well */
async function blameless(work: Promise<unknown>, mayPass = false): Promise<void> {
  const error = await work.then(() => undefined, toAssayError);
  if (error === undefined) {
    demand(mayPass, 'it gives a sample although there is none');
    return;
  }
  demand(error.code !== 'INTERNAL', `an error without a code: ${error.message}`);
  demand(error.fault !== 'miner', `${error.code} is a fault of the miner`);
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

const HOSTILE_ROWS: readonly Row[] = [{}, { text: null, content: null }, { text: 7 }, { text: ['a'] }, { text: '\ud800', content: '\ud800' }, JSON.parse('{"__proto__": {"text": "a"}}') as Row];

/** Text in every row, that of its place. */
class TextRows implements RowSource {
  readonly description = 'made-up rows';
  readonly maxInFlight = 4;

  constructor(private readonly row: (place: string) => Row = (place) => ({ text: `row ${place} of made-up text`, content: `row ${place}` })) {}

  page({ config, split, offset, length }: PageQuery): Promise<Page> {
    return Promise.resolve({ rows: Array.from({ length }, (_none, index) => this.row(`${config} ${split} ${offset + index}`)) });
  }

  splits(): Promise<readonly SplitSize[]> {
    return Promise.resolve([{ config: 'one', split: 'train', rows: 100_000 }, { config: 'two', split: 'test', rows: 5000 }]);
  }
}

class FailingRows implements RowSource {
  readonly description = 'no rows';
  readonly maxInFlight = 4;
  asked = 0;

  page(): Promise<Page> {
    return this.#fail();
  }

  splits(): Promise<readonly SplitSize[]> {
    return this.#fail();
  }

  #fail(): Promise<never> {
    this.asked += 1;
    return Promise.reject(datasetErrors.REQUEST_FAILED({ what: 'anything', reason: 'it always fails here' }));
  }
}

/** Rows for datasets that are made and not asked: every request fails. */
export const noRows: RowSource = new FailingRows();

/** Never answers; ends with its signal, as a source has to. */
const silent: RowSource = {
  description: 'silence',
  maxInFlight: 4,
  page: (_query, signal) => untilAborted(signal),
  splits: (_dataset, signal) => untilAborted(signal),
};

const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(abortError());
    });
  });
