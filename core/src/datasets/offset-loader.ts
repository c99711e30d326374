import limitTo from 'p-limit';
import type { SampleRequest } from '../contracts/dataset-provider.js';
import { drawOffsets, PAGE_ROWS } from '../sampling/draw-pages.js';
import type { PythonRandom } from '../sampling/python-random.js';
import { datasetErrors, isFailedRequest } from './errors.js';
import { PageReader, type LoaderDeps } from './page-reader.js';
import { REFILLS, type Collected, type Loader } from './sample-set.js';

export interface OffsetLoaderOptions {
  dataset: string;
  config: string;
  split: string;
  /** Highest row at which a page may begin. */
  lastOffset: number;
  gated: boolean;
  /** Column with the text; `text`, else `content`, when left out. */
  column?: string;
}

/**
 * Pages that begin at `randint(1, lastOffset)`: the reference's simple loaders. A page whose request fails is asked for
 * again, the same one; less than one sequence in all its pages, and others are drawn instead.
 */
export class OffsetLoader implements Loader {
  readonly identity: Loader['identity'];
  readonly description: string;

  constructor(
    private readonly options: OffsetLoaderOptions,
    private readonly deps: LoaderDeps,
  ) {
    this.identity = { ...options };
    this.description = `${options.dataset} (${options.config}, ${options.split}) from ${deps.rows.description}`;
  }

  async collect(request: SampleRequest, random: PythonRandom, signal: AbortSignal): Promise<Collected> {
    const { dataset, lastOffset, column } = this.options;
    const reader = new PageReader(
      { dataset, tokenizer: request.tokenizer, columns: column === undefined ? ['text', 'content'] : [column] },
      this.deps,
    );
    for (let round = 1; round <= REFILLS; round += 1) {
      const offsets = drawOffsets(random, lastOffset, request.pages);
      const stream = await this.#streamOf(reader, offsets, signal);
      if (stream.length >= request.sequenceLength)
        return { stream, pages: offsets.map(String), revision: reader.revision };
    }
    throw datasetErrors.PAGES_EMPTY({ dataset, rounds: REFILLS });
  }

  /** Pages do not depend on each other: some are under way at a time, and put together in the order drawn. */
  async #streamOf(reader: PageReader, offsets: readonly number[], signal: AbortSignal): Promise<number[]> {
    const failed = new AbortController();
    const either = AbortSignal.any([signal, failed.signal]);
    const limit = limitTo(this.deps.rows.maxInFlight);
    try {
      return (await Promise.all(offsets.map((offset) => limit(() => this.#page(reader, offset, either))))).flat();
    } finally {
      failed.abort();
    }
  }

  async #page(reader: PageReader, offset: number, signal: AbortSignal): Promise<number[]> {
    signal.throwIfAborted();
    const { dataset, config, split, gated } = this.options;
    const tokens: number[] = [];
    for (let attempt = 1; ; attempt += 1) {
      try {
        await reader.read({ dataset, config, split, offset, length: PAGE_ROWS, gated }, tokens, signal);
        return tokens;
      } catch (error) {
        if (!isFailedRequest(error)) throw error;
        await reader.pause(error, attempt, signal);
      }
    }
  }
}
