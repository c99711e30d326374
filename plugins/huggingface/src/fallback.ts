import type { Page, PageQuery, RowSource, SplitSize } from '@assay/core/contracts/row-source';
import { isFailedRequest } from '@assay/core/datasets/errors';
import type { Log } from '@assay/core/contracts/logger';

/** Asks the second source where a request to the first one failed: the rows are the same, so that nothing is drawn anew. */
export class FallbackRows implements RowSource {
  readonly description: string;
  readonly maxInFlight: number;

  constructor(
    private readonly first: RowSource,
    private readonly second: RowSource,
    private readonly deps: { log: Log },
  ) {
    this.description = `${first.description}, else ${second.description}`;
    this.maxInFlight = first.maxInFlight;
  }

  splits(dataset: string, signal: AbortSignal): Promise<readonly SplitSize[]> {
    return this.first.splits(dataset, signal);
  }

  async page(query: PageQuery, signal: AbortSignal): Promise<Page> {
    try {
      return await this.first.page(query, signal);
    } catch (error) {
      if (!isFailedRequest(error)) throw error;
      this.deps.log('warn', 'a page is read from the parquet files, for the rows API did not answer', {
        dataset: query.dataset,
        offset: query.offset,
      });
      return this.second.page(query, signal);
    }
  }
}
