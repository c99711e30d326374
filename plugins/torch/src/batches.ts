import type { Sample } from '@assay/lib-model-graph/program/engine';

/** Rows of one length that are computed together. */
export interface Batch {
  length: number;
  rows: BatchRow[];
}

export interface BatchRow {
  sample: number;
  tokens: number[];
  /** Whether the sample has no further row. */
  isLast: boolean;
}

/** The rows of samples, in their order, in batches of at most so many tokens: at least one row each. */
export async function* batchesOf(samples: AsyncIterable<Sample>, tokens: number): AsyncGenerator<Batch> {
  let batch: Batch = { length: 0, rows: [] };
  for await (const { sample, rows } of samples) {
    for (const [index, row] of rows.entries()) {
      const isFull = (batch.rows.length + 1) * row.length > tokens;
      if (batch.rows.length > 0 && (isFull || batch.length !== row.length)) {
        yield batch;
        batch = { length: 0, rows: [] };
      }
      batch.length = row.length;
      batch.rows.push({ sample, tokens: row, isLast: index === rows.length - 1 });
    }
  }
  if (batch.rows.length > 0) yield batch;
}
