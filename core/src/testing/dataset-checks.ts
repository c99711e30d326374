import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatasetProvider, DatasetSample, SampleRequest } from '../contracts/dataset-provider.js';
import type { RowSource } from '../contracts/row-source.js';
import type { Tokenizer } from '../contracts/tokenizer.js';
import { checkedSample } from '../datasets/checked-sample.js';
import { providerOf } from '../datasets/document-dataset.js';
import { datasetErrors } from '../datasets/errors.js';
import type { AssayError } from '../errors/assay-error.js';
import { abortError, toAssayError } from '../errors/describe.js';
import { credentialsOf } from '../plugin/credentials.js';
import type { DatasetDeps, DatasetImplementation } from '../plugin/plugin.js';
import { checkedOptions } from '../plugin/registry.js';
import { demand, type Check, type Checks, type DependentCheck } from './checks.js';
import { FailingRows, HOSTILE_ROWS, silent, TextRows } from './made-up-rows.js';
import { makesNothing } from './makes-nothing.js';

/** What a dataset is tried with. */
export interface DatasetWorld {
  /** Options from the task and the config file. */
  options: Readonly<Record<string, unknown>>;
  /** Rows in place of the real ones: any text in every column when left out. */
  rows?: RowSource;
  /** Variables, for datasets that need credentials. */
  environment?: Readonly<Record<string, string | undefined>>;
}

/** Names of variables that hold secrets, also where a dataset does not declare them. */
const SECRET_NAME = /(?:TOKEN|SECRET|PASSWORD|KEY)(?:$|_(?!PATH$|FILE$))/;
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

const request = (change: Partial<SampleRequest> = {}): SampleRequest => ({
  seed: 75_975_164n,
  tokenizer: bytes,
  sequenceLength: 64,
  batchSize: 1,
  pages: 3,
  packSamples: true,
  ...change,
});

const FIRST = 'gives full batches of tokens, and names the pages';

interface Drawing {
  implementation: DatasetImplementation;
  world: DatasetWorld;
  drawn: (change?: Partial<SampleRequest>, rows?: RowSource) => Promise<DatasetSample>;
}

/** What every dataset has to do. Each check makes its own, in an empty folder. */
export function datasetChecks(implementation: DatasetImplementation, world: DatasetWorld): Checks {
  const drawing: Drawing = {
    implementation,
    world,
    drawn: (change, rows) =>
      withDataset(implementation, world, (dataset, signal) => dataset.sample(request(change), signal), rows),
  };
  return {
    [FIRST]: () => drawsAtAll(drawing),
    ...afterFirst(comparisons(drawing)),
    ...stopping(drawing),
    ...afterFirst(troubles(drawing)),
    ...silence(drawing),
  };
}

/** Of a dataset that draws nothing, these tell nothing. */
const afterFirst = (checks: Record<string, Check>): Record<string, DependentCheck> =>
  Object.fromEntries(Object.entries(checks).map(([name, run]) => [name, { needs: FIRST, run }]));

async function drawsAtAll({ drawn }: Drawing): Promise<void> {
  const change = { batchSize: 2 };
  const sample = await drawn(change).catch((error: unknown) => {
    requireBlameless(toAssayError(error));
    throw error;
  });
  const { batches, pages, source } = await checkedSample(sample, request(change), new AbortController().signal);
  demand(batches.length > 0, 'there is no batch');
  demand(pages.length > 0 && source !== '', 'it does not say where they are from');
}

function comparisons({ implementation, world, drawn }: Drawing): Record<string, Check> {
  return {
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
      demand(
        !same((await drawn()).pages, (await drawn({ seed: 5n })).pages),
        'the seed does not matter: both draws name the same pages',
      );
    },
    'keeps documents apart when they are not packed': async () => {
      const { batches } = await drawn({ packSamples: false });
      demand(
        batches.flat().every((row) => isPaddedOnce(Array.from(row))),
        'a sequence holds two documents',
      );
    },
  };
}

function stopping({ implementation, world }: Drawing): Record<string, Check> {
  return {
    'ends with its signal, before the work and in the middle of it': async () => {
      const stopped = AbortSignal.abort(abortError());
      await refusal(
        withDataset(implementation, world, (dataset) => dataset.sample(request(), stopped)),
        'it draws although it was stopped before',
      );
      const stop = new AbortController();
      setTimeout(() => {
        stop.abort(abortError());
      }, 20);
      const never = world.rows === undefined ? silent : undefined;
      const ending = withDataset(
        implementation,
        world,
        (dataset) => dataset.sample(request(), stop.signal),
        never,
      ).then(
        () => undefined,
        () => undefined,
      );
      const inTime = await Promise.race([
        ending.then(() => true),
        new Promise<boolean>((resolve) => setTimeout(resolve, SOON_MS, false).unref()),
      ]);
      demand(inTime, `it goes on for more than ${SOON_MS / 1000} s`);
    },
  };
}

function troubles({ world, drawn }: Drawing): Record<string, Check> {
  return {
    'gives up on a source that never answers well, and blames no miner': async () => {
      if (world.rows !== undefined) return;
      const failing = new FailingRows();
      // Whoever does not ask has its texts from elsewhere.
      await blameless(
        drawn({}, failing).then((sample) =>
          failing.asked === 0
            ? Promise.reject(datasetErrors.REQUEST_FAILED({ what: 'nothing', reason: 'not asked' }))
            : sample,
        ),
      );
      demand(failing.asked <= MOST_REQUESTS, `it asked ${failing.asked} times`);
    },
    'has an error with a code for rows that are not what they should be': async () => {
      if (world.rows !== undefined) return;
      for (const row of HOSTILE_ROWS) await blameless(drawn({}, new TextRows(() => row)), true);
    },
  };
}

function silence({ implementation, world }: Drawing): Record<string, Check> {
  return {
    'says nothing of the credentials that it uses': async () => {
      const logged: unknown[] = [];
      const secrets = new Set(declaredBy(implementation, world));
      const environment = secretive({ ...world.environment, ...madeUpSecrets([...secrets]) }, secrets);
      const deps = { log: (...line: unknown[]): void => void logged.push(line), environment };
      const outcomes = await Promise.all(
        [undefined, new FailingRows()].map((rows) =>
          withDataset(
            implementation,
            { ...world, environment },
            (dataset, signal) => dataset.sample(request(), signal),
            world.rows ?? rows,
            deps,
          ).catch((error: unknown) => toAssayError(error).toReport()),
        ),
      );
      const said = JSON.stringify([outcomes, logged]);
      const shown = [...secrets].filter((name) => said.includes(secretOf(name)));
      demand(shown.length === 0, `the value of ${shown.join(' and ')} stands in the sample, in an error or in the log`);
    },
  };
}

/** Variables that it says it needs with these options. */
const declaredBy = (implementation: DatasetImplementation, { options }: DatasetWorld): string[] =>
  credentialsOf(implementation, options).flatMap(({ variables }) => variables);

/** Found again wherever it turns up, and by its own name. */
const secretOf = (variable: string): string => `conformance-secret-${variable}-0b5e`;

const madeUpSecrets = (variables: readonly string[]): Record<string, string> =>
  Object.fromEntries(variables.map((name) => [name, secretOf(name)]));

/** An environment in which every variable that a dataset reads and that sounds like a secret has one, noted in `secrets`. */
const secretive = (environment: Record<string, string | undefined>, secrets: Set<string>): typeof environment =>
  new Proxy(environment, {
    get: (target, name): string | undefined => {
      if (typeof name !== 'string' || !SECRET_NAME.test(name)) return target[String(name)];
      secrets.add(name);
      return secretOf(name);
    },
  });

async function withDataset<T>(
  implementation: DatasetImplementation,
  world: DatasetWorld,
  use: (dataset: DatasetProvider, signal: AbortSignal) => Promise<T>,
  rows: RowSource = world.rows ?? new TextRows(),
  change: Partial<DatasetDeps> = {},
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'assay-conformance-'));
  const { signal } = new AbortController();
  const deps: DatasetDeps = {
    rows,
    clock: { now: () => 0, sleep: (_ms, stop) => (stop.aborted ? Promise.reject(abortError()) : Promise.resolve()) },
    dataDir: folder,
    netuid: 0,
    modules: [],
    make: makesNothing,
    environment: { ...madeUpSecrets(declaredBy(implementation, world)), ...world.environment },
    log: () => undefined,
    resolvePath: (path) => path,
    ...change,
  };
  try {
    await mkdir(folder, { recursive: true });
    const checked: unknown = checkedOptions('the dataset', implementation.options, world.options);
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
  const refused = await work.then(
    () => false,
    () => true,
  );
  demand(refused, otherwise);
}

/** @param mayPass whether a sample is an answer as well */
async function blameless(work: Promise<unknown>, mayPass = false): Promise<void> {
  const error = await work.then(() => undefined, toAssayError);
  if (error === undefined) {
    demand(mayPass, 'it gives a sample although there is none');
    return;
  }
  if (error.code === 'INTERNAL') throw error.cause;
  requireBlameless(error);
}

const requireBlameless = ({ code, fault, message }: AssayError): void => {
  demand(fault !== 'miner', `${code} is a fault of the miner, who has no part in this: ${message}`);
};

/** Whether nothing but padding follows the first mark of the end. */
const isPaddedOnce = (row: readonly number[]): boolean =>
  row.indexOf(256) < 0 || row.slice(row.indexOf(256)).every((id) => id === 256);

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
