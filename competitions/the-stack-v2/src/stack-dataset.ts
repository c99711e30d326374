import {
  datasetErrors,
  firstRow,
  RowDataset,
  samplesIn,
  type DatasetDeps,
  type DatasetImplementation,
  type DatasetProvider,
  type Row,
  type RowText,
} from '@assay/core';
import { OffsetLoader, type OffsetLoaderOptions } from '@assay/core/datasets/offset-loader';
import { hubToken } from '@assay/lib-hub';
import type { BlobStore } from './blobs.js';
import { AWS_CREDENTIALS, DATASET, stackOptions, type StackOptions } from './options.js';
import { sourceText } from './source-text.js';

const ROWS: OffsetLoaderOptions = {
  dataset: DATASET,
  config: 'default',
  split: 'train',
  lastOffset: 5_451_114_734,
  gated: true,
};

/** The Stack v2 dedup: rows name blobs, the bucket of Software Heritage holds them. */
export class StackLoader extends OffsetLoader {
  constructor(deps: Pick<DatasetDeps, 'rows' | 'clock'> & Partial<Pick<DatasetDeps, 'log'>>, blobs: BlobStore) {
    super(ROWS, { ...deps, rowText: textOf(blobs) });
  }
}

/** The text of a row: its blob from the bucket. What can't be fetched is asked for again, what can't be decoded is not. */
const textOf =
  (blobs: BlobStore): RowText =>
  async (row, number, signal) => {
    const { key, encoding } = blobOf(row, number);
    const blob = await blobs.read(key, signal);
    try {
      return await sourceText(blob, encoding);
    } catch (error) {
      throw unusable(number, error instanceof Error ? error.message : String(error));
    }
  };

function blobOf(row: Row, number: number): { key: string; encoding: string } {
  const { blob_id: id, src_encoding: encoding } = row;
  if (typeof id !== 'string' || !/^[\w.-]{1,128}$/.test(id)) throw unusable(number, 'it has no blob_id');
  if (typeof encoding !== 'string') throw unusable(number, 'it has no src_encoding');
  return { key: `content/${id}`, encoding };
}

const unusable = (row: number, reason: string): Error => datasetErrors.ROW_UNUSABLE({ dataset: DATASET, row, reason });

export const stackDataset: DatasetImplementation<StackOptions> = {
  options: stackOptions,
  credentials: [hubToken(DATASET), AWS_CREDENTIALS],
  async create(options: StackOptions, deps: DatasetDeps): Promise<DatasetProvider> {
    const { S3Blobs } = await import('./blobs.js');
    const blobs = new S3Blobs(options);
    return new RowDataset(new StackLoader(deps, blobs), samplesIn(deps), async (signal) => {
      const { rows } = await deps.rows.page(firstRow(ROWS), signal);
      const [row] = rows;
      if (row) await blobs.requireAccess(blobOf(row, 0).key, signal);
    });
  },
};
