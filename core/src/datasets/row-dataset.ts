import { join } from 'node:path';
import { z } from 'zod';
import type { DatasetProvider, DatasetSample, SampleRequest } from '../contracts/dataset-provider.js';
import type { PageQuery } from '../contracts/row-source.js';
import type { CredentialNeed, DatasetDeps, DatasetImplementation } from '../plugin/plugin.js';
import { PythonRandom } from '../sampling/python-random.js';
import { OffsetLoader, type OffsetLoaderOptions } from './offset-loader.js';
import { SampleCache } from './sample-cache.js';
import { sampleKey, sampleOf, type Loader } from './sample-set.js';
import { SplitLoader } from './split-loader.js';

/** A loader as a dataset: what it has once drawn is kept. */
export class RowDataset implements DatasetProvider {
  constructor(
    readonly loader: Loader,
    private readonly cache: SampleCache,
    /** Proves, at the start, that the dataset can be read at all. */
    private readonly access?: (signal: AbortSignal) => Promise<void>,
  ) {}

  async sample(request: SampleRequest, signal: AbortSignal): Promise<DatasetSample> {
    signal.throwIfAborted();
    const key = sampleKey(this.loader, request);
    const known = await this.cache.get(key);
    if (known) return known;
    const sample = sampleOf(
      this.loader,
      request,
      await this.loader.collect(request, new PythonRandom(request.seed), signal),
    );
    await this.cache.put(key, sample);
    return sample;
  }

  async requireAccess(signal: AbortSignal): Promise<void> {
    await this.access?.(signal);
  }
}

export const samplesIn = ({ dataDir, log }: Pick<DatasetDeps, 'dataDir' | 'log'>): SampleCache =>
  new SampleCache({ directory: join(dataDir, 'samples') }, { log });

const noOptions = z.strictObject({});

export interface RowDatasetOptions extends Pick<OffsetLoaderOptions, 'dataset' | 'lastOffset'> {
  config?: string;
  split?: string;
  /** Whether the source of rows has to say who asks. */
  gated?: boolean;
  /** What it needs for that. */
  credentials?: readonly CredentialNeed[];
  /** Column with the text; `text`, else `content`, when left out. */
  column?: string;
}

/** The first row of a gated dataset: whoever may read it may read them all. */
export const firstRow = ({ dataset, config, split, gated }: Omit<OffsetLoaderOptions, 'lastOffset'>): PageQuery => ({
  dataset,
  config,
  split,
  offset: 0,
  length: 1,
  gated,
});

/** A dataset whose pages begin at random rows, as the reference's simple loaders draw them. Text in `text`, else `content`. */
export function rowDataset({
  config = 'default',
  split = 'train',
  gated = false,
  credentials,
  ...rest
}: RowDatasetOptions): DatasetImplementation {
  const options: OffsetLoaderOptions = { config, split, gated, ...rest };
  return {
    options: noOptions,
    ...(credentials ? { credentials } : {}),
    create: async (_options: object, deps: DatasetDeps): Promise<DatasetProvider> =>
      new RowDataset(new OffsetLoader(options, deps), samplesIn(deps), async (signal) => {
        if (gated) await deps.rows.page(firstRow(options), signal);
      }),
  };
}

/** A dataset of many configs, from which pages are drawn as the reference's FineWeb loaders draw them. Text in `text`. */
export function splitDataset({ dataset }: { dataset: string }): DatasetImplementation {
  return {
    options: noOptions,
    create: async (_options: object, deps: DatasetDeps): Promise<DatasetProvider> =>
      new RowDataset(new SplitLoader({ dataset }, deps), samplesIn(deps)),
  };
}
