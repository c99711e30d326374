/** A row of a dataset: values by column. */
export type Row = Readonly<Record<string, unknown>>;

export interface PageQuery {
  /** `tiiuae/falcon-refinedweb` */
  dataset: string;
  config: string;
  split: string;
  /** Row at which the page begins, counted from 0 over the whole split. */
  offset: number;
  /** Rows of the page; fewer come where the split ends. */
  length: number;
  /** Whether the dataset is gated: only then does the request carry a token. */
  gated: boolean;
}

export interface Page {
  rows: readonly Row[];
  /** Commit of the dataset, where the source tells it. It is recorded with the samples: a source lets nothing through that is no commit. */
  revision?: string;
}

export interface SplitSize {
  config: string;
  split: string;
  rows: number;
}

/**
 * Where rows of datasets come from. One call is one attempt: a request that failed rejects with REQUEST_FAILED and may be
 * made again; how often, and whether for the same page, is the loader's rule. Any other error means that asking again is
 * of no use.
 */
export interface RowSource {
  /** For the journal and for people. */
  readonly description: string;
  /** Requests that may be under way at a time. */
  readonly maxInFlight: number;
  /** @throws CREDENTIAL_MISSING, CREDENTIAL_REFUSED when a gated dataset can't be read, REQUEST_FAILED */
  page(query: PageQuery, signal: AbortSignal): Promise<Page>;
  /** Every split of every config, in the source's order. */
  splits(dataset: string, signal: AbortSignal): Promise<readonly SplitSize[]>;
  close?(): Promise<void>;
}

export const ROW_SOURCE = Symbol.for('assay.RowSource');
