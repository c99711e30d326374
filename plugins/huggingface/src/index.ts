import { join } from 'node:path';
import { z } from 'zod';
import type { RowSource } from '@assay/core/contracts/row-source';
import { endpointOption } from '@assay/core/datasets/endpoint';
import { rowDataset, splitDataset } from '@assay/core/datasets/row-dataset';
import { definePlugin, type DatasetDeps, type PluginDeps } from '@assay/core/plugin/plugin';
import { hubEndpoint, hubToken } from '@assay/lib-hub';

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

async function create(
  { source, endpoint, hubUrl, maxInFlight, timeoutMs }: z.infer<typeof options>,
  deps: PluginDeps,
): Promise<RowSource> {
  const { clock, environment, dataDir, log } = deps;
  const { RowsApi } = await import('./rows-api.js');
  const http = { fetch: globalThis.fetch, clock, environment, timeoutMs };
  const api = new RowsApi({ endpoint, maxInFlight }, http);
  if (source === 'rows-api') return api;
  const [{ ParquetRows }, { FallbackRows }] = await Promise.all([import('./parquet-rows.js'), import('./fallback.js')]);
  const hub = hubUrl ?? hubEndpoint(environment);
  const parquet = new ParquetRows(
    { hubUrl: hub, maxInFlight, directory: join(dataDir, 'parquet') },
    { ...http, sizes: api },
  );
  return source === 'parquet' ? parquet : new FallbackRows(api, parquet, { log });
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
