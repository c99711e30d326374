import { join } from 'node:path';
import { z } from 'zod';
import type { RowSource } from '@assay/core/contracts/row-source';
import { endpointOption } from '@assay/core/datasets/endpoint';
import { rowDataset, splitDataset } from '@assay/core/datasets/row-dataset';
import { definePlugin, type DatasetDeps, type PluginDeps } from '@assay/core/plugin/plugin';
import type { ModelPublisher } from '@assay/core/contracts/model-publisher';
import { storeErrors } from '@assay/core/model/errors';
import { findToken, hubEndpoint, hubToken, isToken } from '@assay/lib-hub';
import { limitOptions } from '@assay/lib-http';
import type { HubModels } from './hub-models.js';
import { publisherOptions, type PublisherOptions } from './publisher-options.js';

const options = z.strictObject({
  source: z
    .enum(['rows-api', 'parquet', 'rows-api-else-parquet'])
    .default('rows-api')
    .describe(
      'Where rows are read: the datasets server, the parquet files on the hub, or these where the server does not answer.',
    ),
  endpoint: endpointOption
    .default('https://datasets-server.huggingface.co')
    .describe('The datasets server, or a mirror of it.'),
  hubUrl: endpointOption
    .optional()
    .describe('The hub, or a mirror of it; HF_ENDPOINT, else huggingface.co when left out.'),
  maxInFlight: z.number().int().min(1).max(64).default(8).describe('Requests that may be under way at a time.'),
  timeoutMs: z
    .number()
    .int()
    .min(100)
    .default(15_000)
    .describe('Silence after which a request is given up; as a whole it may take four times as long.'),
});

type Options = z.infer<typeof options>;

async function create(chosen: Options, deps: PluginDeps): Promise<RowSource> {
  const { source, endpoint, hubUrl, maxInFlight, timeoutMs } = chosen;
  if (source === 'rows-api-else-parquet') return withFallback(chosen, deps);
  const { clock, environment, dataDir } = deps;
  const { RowsApi } = await import('./rows-api.js');
  const http = { fetch: globalThis.fetch, clock, environment, timeoutMs };
  const api = new RowsApi({ endpoint, maxInFlight }, http);
  if (source === 'rows-api') return api;
  const { ParquetRows } = await import('./parquet-rows.js');
  const hub = hubUrl ?? hubEndpoint(environment);
  return new ParquetRows({ hubUrl: hub, maxInFlight, directory: join(dataDir, 'parquet') }, { ...http, sizes: api });
}

/** This plugin twice: the parquet files are asked where a request to the datasets server failed. */
async function withFallback(chosen: Options, { make, log }: PluginDeps): Promise<RowSource> {
  const { FallbackRows } = await import('./fallback.js');
  const first = await make('rows', { ...chosen, use: 'huggingface', source: 'rows-api' });
  const second = await make('rows', { ...chosen, use: 'huggingface', source: 'parquet' });
  return new FallbackRows(first, second, { log });
}

const storeOptions = z.strictObject({
  endpoint: endpointOption
    .optional()
    .describe('The hub, or a mirror of it; HF_ENDPOINT, else huggingface.co when left out.'),
  ...limitOptions,
});

async function modelsOf(
  { endpoint, ...limits }: z.infer<typeof storeOptions>,
  { clock, log, environment }: PluginDeps,
): Promise<HubModels> {
  const { HubModels, TOKEN_VARIABLES } = await import('./hub-models.js');
  const address = endpoint ?? hubEndpoint(environment);
  const token = await findToken(environment, TOKEN_VARIABLES);
  if (token !== undefined && !isToken(token)) {
    const reason = 'it holds characters that no token has';
    throw storeErrors.SOURCE_TOKEN_REFUSED({ source: address, variables: TOKEN_VARIABLES, reason });
  }
  return new HubModels({ ...limits, endpoint: address }, { clock, log, token });
}

const anyRows = z.strictObject({
  dataset: z
    .string()
    .regex(/^[\w.-]+\/[\w.-]+$/, 'NAMESPACE/NAME')
    .describe('Dataset of the hub.'),
  config: z.string().default('default'),
  split: z.string().default('train'),
  lastOffset: z.number().int().positive().describe('Highest row at which a page may begin.'),
  column: z.string().optional().describe('Column with the text; text, else content, when left out.'),
  gated: z.boolean().default(false).describe('Whether a token is needed.'),
});

const anySplits = anyRows.pick({ dataset: true });

/** An option that is not given is not there. */
const withoutUndefined = ({ column, ...rest }: z.infer<typeof anyRows>): Parameters<typeof rowDataset>[0] =>
  column === undefined ? rest : { ...rest, column };

export default definePlugin({
  apiVersion: 1,
  name: 'huggingface',
  provides: {
    rows: { options, create },
    publisher: {
      options: publisherOptions,
      create: async (chosen: PublisherOptions, deps: PluginDeps): Promise<ModelPublisher> =>
        (await import('./publisher.js')).HubPublisher.create(chosen, deps),
    },
    store: {
      options: storeOptions,
      create: modelsOf,
      check: async (chosen: z.infer<typeof storeOptions>, deps: PluginDeps, signal: AbortSignal) => {
        const models = await modelsOf(chosen, deps);
        try {
          await models.requireAnswer(signal);
        } finally {
          await models.close();
        }
      },
    },
    datasets: {
      'huggingface-rows': {
        options: anyRows,
        credentials: ({ gated, dataset }: z.infer<typeof anyRows>) => (gated ? [hubToken(dataset)] : []),
        create: (given: z.infer<typeof anyRows>, deps: DatasetDeps, signal: AbortSignal) =>
          rowDataset(withoutUndefined(given)).create({}, deps, signal),
      },
      'huggingface-splits': {
        options: anySplits,
        create: (given: z.infer<typeof anySplits>, deps: DatasetDeps, signal: AbortSignal) =>
          splitDataset(given).create({}, deps, signal),
      },
    },
  },
});
