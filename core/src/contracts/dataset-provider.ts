import type { Tokenizer } from './tokenizer.js';

export interface SampleRequest {
  /** The same for every validator of a round: int(sha256(hash of the sync block)). */
  seed: bigint;
  tokenizer: Tokenizer;
  /** Tokens per sequence. */
  sequenceLength: number;
  /** Sequences per batch. */
  batchSize: number;
  /** Pages to draw; 0 where `sequences` says how much. */
  pages: number;
  /** Sequences to draw, for datasets that are drawn by sequence. */
  sequences?: number;
  /** One stream cut into sequences, or one padded sequence per document. */
  packSamples: boolean;
}

export interface DatasetSample {
  /** [batch][row][token], in the order in which the loader yields them. A row may be a typed array: 4 bytes an id. */
  batches: ArrayLike<number>[][];
  /** Names of the pages, in the order drawn. */
  pages: string[];
  /** Of each batch the page that it comes from, as an index into `pages`; absent where a batch is made of several. */
  clusters?: readonly number[];
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
   * Proves before a run that whatever credentials and files the dataset needs are there and accepted.
   * @throws CREDENTIAL_MISSING, CREDENTIAL_REFUSED, or another error with the fault `config`, which ends the start;
   *   anything else means that it could not be found out now
   */
  requireAccess?(signal: AbortSignal): Promise<void>;
}

/** Random numbers that follow from the seed alone: CPython's generator. */
export interface SeededRandom {
  /** A double in [0, 1). */
  random(): number;
  /** Uniform in [first, last], both included. */
  randint(first: number, last: number): number;
  choice<T>(items: readonly T[]): T;
  /** In place. */
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- an array of anything, kept in its type
  shuffle<T>(items: T[]): void;
}

export interface DocumentRequest {
  seed: bigint;
  random: SeededRandom;
  /** How much to draw: what a page is, the dataset says. */
  pages: number;
}

export interface Documents {
  /** Texts in the order drawn. */
  documents: readonly string[];
  /** Names of what was drawn. */
  pages: string[];
  source: string;
}

/**
 * A dataset in few words: it draws texts, and leaves tokens, cutting and packing to the validator. Pure as a
 * DatasetProvider is.
 */
export interface DocumentSource {
  documents(request: DocumentRequest, signal: AbortSignal): Promise<Documents>;
  requireAccess?(signal: AbortSignal): Promise<void>;
}

export const DATASET_PROVIDER = Symbol.for('assay.DatasetProvider');
