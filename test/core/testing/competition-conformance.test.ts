import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TEXTS } from '@assay/competition-demo/dist/competitions.js';
import demo from '@assay/competition-demo';
import huggingFace from '@assay/plugin-huggingface';
import localFiles from '@assay/plugin-local-files';
import {
  definePlugin,
  type DatasetDeps,
  type DatasetSample,
  type DocumentRequest,
  type Plugin,
  type SampleRequest,
} from '@assay/core';
import { z } from 'zod';
import { failedChecks } from '../../package-checks.js';

describe('the plugins of this house pass every check', () => {
  it('that have datasets', async () => {
    const lines = readFileSync(join(TEXTS, 'heldout.jsonl'), 'utf8').split('\n').slice(0, 30);
    const path = join(mkdtempSync(join(tmpdir(), 'assay-kit-')), 'texts.jsonl');
    writeFileSync(path, lines.join('\n'));
    expect(await failedChecks(localFiles, { datasets: { 'local-text': { options: { path, pageRows: 3 } } } })).toEqual(
      [],
    );
    const hub = {
      'huggingface-rows': { options: { dataset: 'a/b', lastOffset: 1000 } },
      'huggingface-splits': { options: { dataset: 'a/b' } },
    };
    expect(await failedChecks(huggingFace, { datasets: hub })).toEqual([]);
  });
});

/** A package with one dataset that draws as told. */
const withDataset = (create: (deps: DatasetDeps) => unknown): Plugin =>
  definePlugin({
    apiVersion: 1,
    name: 'odd',
    provides: {
      datasets: {
        odd: {
          options: z.object({}),
          create: (_options: object, deps: DatasetDeps) => Promise.resolve(create(deps) as never),
        },
      },
    },
  });

const texts = ({ random, pages }: DocumentRequest): string[] =>
  Array.from({ length: pages * 50 }, () => `text ${random.randint(0, 1000)}`);
const sampleOf = (request: SampleRequest, change: Partial<DatasetSample> = {}): DatasetSample => ({
  batches: Array.from({ length: 4 }, (_none, batch) =>
    Array.from({ length: request.batchSize }, () =>
      Array.from(
        { length: request.sequenceLength },
        (_token, index) => (Number(request.seed % 100n) + batch + index) % 250,
      ),
    ),
  ),
  pages: [`page ${request.seed}`],
  source: 'made up',
  ...change,
});

const obeying =
  (draw: (request: SampleRequest) => DatasetSample) =>
  async (request: SampleRequest, signal: AbortSignal): Promise<DatasetSample> => {
    signal.throwIfAborted();
    return Promise.resolve(draw(request));
  };

describe('a dataset that does otherwise fails the check of just that', () => {
  it.each<[what: string, create: (deps: DatasetDeps) => unknown, expected: string[]]>([
    [
      'nothing wrong',
      () => ({
        documents: (request: DocumentRequest) =>
          Promise.resolve({ documents: texts(request), pages: [request.seed.toString()], source: 'texts' }),
      }),
      [],
    ],
    [
      'the clock decides',
      () => ({
        documents: (request: DocumentRequest) =>
          Promise.resolve({
            documents: texts(request),
            pages: [`${request.seed} ${Math.floor(Date.now() / 36_000_000)}`],
            source: 'texts',
          }),
      }),
      ['draws the same for the same seed'],
    ],
    [
      'a counter decides',
      () => {
        let count = 0;
        return {
          documents: (request: DocumentRequest) =>
            Promise.resolve({ documents: texts(request), pages: [`${request.seed} ${(count += 1)}`], source: 'texts' }),
        };
      },
      ['draws the same twice'],
    ],
    [
      'the seed does not',
      () => ({
        documents: ({ pages }: DocumentRequest) =>
          Promise.resolve({
            documents: Array.from({ length: pages * 50 }, () => 'the same'),
            pages: ['the same'],
            source: 'texts',
          }),
      }),
      ['something else for another seed'],
    ],
    [
      'short sequences',
      () => ({ sample: obeying((request) => sampleOf({ ...request, sequenceLength: 10 })) }),
      ['gives full batches'],
    ],
    [
      'tokens of another tokenizer',
      () => ({
        sample: obeying((request) =>
          sampleOf(request, {
            batches: [Array.from({ length: request.batchSize }, () => Array.from({ length: 64 }, () => 100_000))],
          }),
        ),
      }),
      ['gives full batches'],
    ],
    [
      'the token of the operator in its source',
      ({ environment }) => ({
        documents: (request: DocumentRequest) =>
          Promise.resolve({
            documents: texts(request),
            pages: [request.seed.toString()],
            source: `with ${environment['HF_TOKEN']}`,
          }),
      }),
      ['says nothing of the credentials'],
    ],
    [
      'the token in the log',
      ({ environment, log }) => ({
        documents: (request: DocumentRequest) => {
          log('debug', 'asking', { token: environment['HF_TOKEN'] });
          return Promise.resolve({ documents: texts(request), pages: [request.seed.toString()], source: 'texts' });
        },
      }),
      ['says nothing of the credentials'],
    ],
    [
      'its signal is not passed on, and errors are its own',
      ({ rows }) => ({
        documents: async (request: DocumentRequest) => {
          const query = {
            dataset: 'a/b',
            config: 'c',
            split: 's',
            offset: request.random.randint(0, 9999),
            length: 50,
            gated: false,
          };
          const page = await rows
            .page(query, new AbortController().signal)
            .catch(() => Promise.reject(new Error('oh')));
          return {
            documents: page.rows.map(({ text }) => text as string),
            pages: [String(query.offset)],
            source: 'texts',
          };
        },
      }),
      ['ends with its signal', 'gives up on a source'],
    ],
  ])('%s', async (_what, create, expected) => {
    const found = await failedChecks(withDataset(create));
    expect(found).toHaveLength(expected.length);
    for (const [index, name] of expected.entries()) expect(found[index]).toContain(name);
  });

  it('one cause is one row: what needs a draw is left out when nothing is drawn', async () => {
    expect(
      await failedChecks(withDataset(() => ({ documents: () => Promise.reject(new Error('no poems today')) }))),
    ).toEqual([
      'odd: gives full batches of tokens, and names the pages: an error without a code: no poems today; the checks that need it were left out',
    ]);
  });

  it('a miner that is blamed for it, in that row', async () => {
    const blaming = Object.assign(new Error('bad poems'), {
      [Symbol.for('assay.error')]: true,
      code: 'POEM_BAD',
      fault: 'miner',
      retry: 'never',
      hint: 'Write better ones.',
      payload: {},
    });
    expect(await failedChecks(withDataset(() => ({ documents: () => Promise.reject(blaming) })))).toEqual([
      expect.stringContaining('POEM_BAD is a fault of the miner'),
    ]);
  });

  it.each<[what: string, create: (deps: DatasetDeps) => unknown]>([
    [
      'in its source',
      ({ environment }) => ({
        documents: (request: DocumentRequest) =>
          Promise.resolve({
            documents: texts(request),
            pages: [request.seed.toString()],
            source: `poems?token=${environment['POEM_TOKEN']}`,
          }),
      }),
    ],
    [
      'in its error',
      ({ environment }) => ({ documents: () => Promise.reject(new Error(`refused for ${environment['POEM_TOKEN']}`)) }),
    ],
  ])('a credential that only it declares and shows %s', async (_what, create) => {
    const plugin = withDataset(create);
    const credentials = [{ variables: ['POEM_TOKEN'], page: 'https://poems.example' }];
    const datasets = Object.fromEntries(
      Object.entries(plugin.provides.datasets ?? {}).map(([id, dataset]) => [id, { ...dataset, credentials }]),
    );
    expect((await failedChecks({ ...plugin, provides: { datasets } })).at(-1)).toContain(
      'the value of POEM_TOKEN stands in',
    );
  });

  it('options that its schema refuses, by path and not as a dump', async () => {
    const found = await failedChecks(
      withDataset(() => ({})),
      { datasets: { odd: { options: {} } } },
    );
    expect(found[0]).toContain('DATASET_MALFORMED');
    const strict = definePlugin({
      apiVersion: 1,
      name: 'odd',
      provides: {
        datasets: {
          odd: { options: z.object({ lines: z.number() }), create: () => Promise.reject(new Error('not reached')) },
        },
      },
    });
    expect((await failedChecks(strict))[0]).toMatch(/OPTIONS_INVALID: .*\n {2}lines: Invalid input/);
  });

  it('two competitions of one name are said to be in the one package', async () => {
    const [competition] = demo.provides.competitions ?? [];
    const found = await failedChecks({
      apiVersion: 1,
      name: 'twice',
      provides: { competitions: [competition, competition] },
    });
    expect(found).toEqual([
      expect.stringContaining(
        'provides.competitions.1.name: competition 0 of this package is called demo-docs already',
      ),
    ]);
  });

  it('and what is no plugin at all is said to be none', async () => {
    expect(await failedChecks({ name: 'nothing' })).toEqual([expect.stringContaining('PLUGIN_MALFORMED')]);
    expect(await failedChecks(undefined)).toEqual([expect.stringContaining('PLUGIN_MALFORMED')]);
  });
});
