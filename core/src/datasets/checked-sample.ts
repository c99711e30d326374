import { z } from 'zod';
import { issuesOf } from '../config/resolve.js';
import type { DatasetSample, Documents, SampleRequest } from '../contracts/dataset-provider.js';
import { breathe } from './breathe.js';
import { datasetErrors } from './errors.js';

const named = { pages: z.array(z.string()), source: z.string() };
const documentsShape = z.object({ documents: z.array(z.unknown()), ...named });
const sampleShape = z.object({
  batches: z.array(z.array(z.unknown())),
  clusters: z.array(z.number().int().nonnegative()).optional(),
  ...named,
});

/** Whatever a package drew, as documents. Each one's type is looked at where it is used. @throws DATASET_MALFORMED */
export function checkedDocuments(drawn: unknown): Documents {
  requireShape('documents', documentsShape, drawn);
  return drawn as Documents;
}

/** A sample of the shape that was asked for, of ids that the tokenizer has. @throws DATASET_MALFORMED */
export async function checkedSample(
  drawn: unknown,
  { batchSize, sequenceLength, tokenizer }: SampleRequest,
  signal: AbortSignal,
): Promise<DatasetSample> {
  requireShape('sample', sampleShape, drawn);
  const sample = drawn as DatasetSample;
  for (const [batch, rows] of sample.batches.entries()) {
    if (rows.length !== batchSize)
      throw malformed(`batch ${batch} has ${rows.length} sequences, ${batchSize} were asked for`);
    for (const row of rows) {
      requireIds(row, batch, sequenceLength, tokenizer.vocabularySize);
      await breathe(signal);
    }
  }
  requireClusters(sample);
  return sample;
}

function requireIds(row: unknown, batch: number, sequenceLength: number, limit: number): void {
  if (!isList(row) || row.length !== sequenceLength)
    throw malformed(`batch ${batch} holds a sequence that is not ${sequenceLength} tokens long`);
  for (let index = 0; index < sequenceLength; index += 1) {
    const id: unknown = row[index];
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id >= limit)
      throw malformed(`batch ${batch} holds the token ${JSON.stringify(id)}; ids go from 0 to ${limit - 1}`);
  }
}

/** An array, or a typed one. */
const isList = (row: unknown): row is ArrayLike<unknown> =>
  Array.isArray(row) || (ArrayBuffer.isView(row) && !(row instanceof DataView));

function requireClusters({ batches, pages, clusters }: DatasetSample): void {
  if (!clusters) return;
  if (clusters.length !== batches.length)
    throw malformed(`it names the pages of ${clusters.length} batches, of ${batches.length}`);
  const wrong = clusters.findIndex((page) => page >= pages.length);
  if (wrong !== -1)
    throw malformed(`batch ${wrong} is of page ${clusters[wrong] ?? ''}, and ${pages.length} pages are named`);
}

const malformed = (reason: string): Error => datasetErrors.DATASET_MALFORMED({ reason });

function requireShape(method: string, shape: z.ZodType, drawn: unknown): void {
  const parsed = shape.safeParse(drawn);
  if (!parsed.success)
    throw datasetErrors.DATASET_MALFORMED({
      reason: `what ${method} gives is not of its shape: ${issuesOf(parsed.error).join('; ')}`,
    });
}
