import { z } from 'zod';
import { issuesOf } from '../config/resolve.js';
import type { DatasetSample, Documents, SampleRequest } from '../contracts/dataset-provider.js';
import { datasetErrors } from './errors.js';

const named = { pages: z.array(z.string()), source: z.string() };
const documentsShape = z.object({ documents: z.array(z.unknown()), ...named });
const sampleShape = z.object({ batches: z.array(z.array(z.unknown())), ...named });

/** Whatever a package drew, as documents. Each one's type is looked at where it is used. @throws DATASET_MALFORMED */
export function checkedDocuments(drawn: unknown): Documents {
  requireShape('documents', documentsShape, drawn);
  return drawn as Documents;
}

/** A sample of the shape that was asked for, of ids that the tokenizer has. @throws DATASET_MALFORMED */
export function checkedSample(drawn: unknown, { batchSize, sequenceLength, tokenizer }: SampleRequest): DatasetSample {
  requireShape('sample', sampleShape, drawn);
  const sample = drawn as DatasetSample;
  const limit = tokenizer.vocabularySize;
  for (const [batch, rows] of sample.batches.entries()) {
    if (rows.length !== batchSize)
      throw datasetErrors.DATASET_MALFORMED({
        reason: `batch ${batch} has ${rows.length} sequences, ${batchSize} were asked for`,
      });
    for (const row of rows as readonly unknown[]) {
      if (!Array.isArray(row) || row.length !== sequenceLength)
        throw datasetErrors.DATASET_MALFORMED({
          reason: `batch ${batch} holds a sequence that is not ${sequenceLength} tokens long`,
        });
      const wrong = row.findIndex(
        (id: unknown) => !Number.isInteger(id) || (id as number) < 0 || (id as number) >= limit,
      );
      if (wrong !== -1)
        throw datasetErrors.DATASET_MALFORMED({
          reason: `batch ${batch} holds the token ${JSON.stringify(row[wrong])}; ids go from 0 to ${limit - 1}`,
        });
    }
  }
  return sample;
}

function requireShape(method: string, shape: z.ZodType, drawn: unknown): void {
  const parsed = shape.safeParse(drawn);
  if (!parsed.success)
    throw datasetErrors.DATASET_MALFORMED({
      reason: `what ${method} gives is not of its shape: ${issuesOf(parsed.error).join('; ')}`,
    });
}
