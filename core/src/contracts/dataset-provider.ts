import type { Tokenizer } from './tokenizer.js';

export interface SampleRequest {
  /** The same for every validator of a round: int(sha256(hash of the sync block)). */
  seed: bigint;
  tokenizer: Tokenizer;
  /** Tokens per sequence. */
  sequenceLength: number;
  /** Sequences per batch. */
  batchSize: number;
  /** Pages to draw. */
  pages: number;
  /** One stream cut into sequences, or one padded sequence per document. */
  packSamples: boolean;
}

export interface DatasetSample {
  /** [batch][row][token], in the order in which the loader yields them. */
  batches: number[][][];
  /** Names of the pages, in the order drawn. */
  pages: string[];
  /** What the data is, for the journal: revision or digest of the source. */
  source: string;
}

/**
 * Draws samples from one dataset. Pure given the source: the same request draws the same pages in the same order, and
 * randomness comes from the seed alone. A source that can't be had rejects; rows that can't are handled as the
 * dataset documents.
 */
export interface DatasetProvider {
  sample(request: SampleRequest, signal: AbortSignal): Promise<DatasetSample>;
  /**
   * Proves before a run that whatever credentials the dataset needs are there and accepted.
   * @throws CREDENTIAL_MISSING, CREDENTIAL_REFUSED; anything else means that it could not be found out now
   */
  requireAccess?(signal: AbortSignal): Promise<void>;
}

export const DATASET_PROVIDER = Symbol.for('assay.DatasetProvider');
