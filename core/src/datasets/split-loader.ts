import type { SampleRequest } from '../contracts/dataset-provider.js';
import type { SplitSize } from '../contracts/row-source.js';
import { drawShift, drawSplitPage, PAGE_ROWS, splitsByConfig, type SplitPage } from '../sampling/draw-pages.js';
import type { PythonRandom } from '../sampling/python-random.js';
import { datasetErrors, isFailedRequest, isNoJson } from './errors.js';
import { ATTEMPTS, PageReader, type LoaderDeps } from './page-reader.js';
import { REFILLS, type Collected, type Loader } from './sample-set.js';

export interface SplitLoaderOptions {
  dataset: string;
}

/** Duplicate draws at which a loader is content with what it has. */
const MOST_DUPLICATES = 100;

interface Draw {
  name: string;
  /** The generator after this draw. */
  after: PythonRandom;
  /** Absent where no page could be drawn. */
  page?: SplitPage;
  /** Tokens of the page, once its request has begun. */
  tokens?: Promise<number[]>;
}

/**
 * Pages of a dataset of many configs: the reference's FineWeb loaders. A page whose request fails is dropped and the next
 * one drawn; less than one sequence in all its pages, and more are drawn to what is there.
 */
export class SplitLoader implements Loader {
  readonly identity: Loader['identity'];
  readonly description: string;

  constructor(
    private readonly options: SplitLoaderOptions,
    private readonly deps: LoaderDeps,
  ) {
    this.identity = { ...options, splits: true };
    this.description = `${options.dataset} from ${deps.rows.description}`;
  }

  async collect(request: SampleRequest, random: PythonRandom, signal: AbortSignal): Promise<Collected> {
    const { dataset } = this.options;
    const reader = new PageReader({ dataset, tokenizer: request.tokenizer, columns: ['text'] }, this.deps);
    const stream: number[] = [];
    for (let round = 1; round <= REFILLS; round += 1) {
      const splits = await this.#splits(reader, signal);
      const pages = await this.#fill(stream, reader, { splits, random, wanted: request.pages }, signal);
      if (stream.length >= request.sequenceLength) return { stream, pages, revision: reader.revision };
    }
    throw datasetErrors.PAGES_EMPTY({ dataset, rounds: REFILLS });
  }

  async #splits(reader: PageReader, signal: AbortSignal): Promise<SplitSize[]> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return splitsByConfig(await this.deps.rows.splits(this.options.dataset, signal));
      } catch (error) {
        if (!isFailedRequest(error)) throw error;
        await reader.pause(error, attempt, signal);
      }
    }
  }

  /**
   * Appends pages until as many as wanted are there; their names. Draws are judged in the order drawn. Others are under way
   * meanwhile, but never more than are still wanted: each draw is one that would have been made anyway.
   */
  async #fill(
    stream: number[],
    reader: PageReader,
    { splits, random, wanted }: { splits: readonly SplitSize[]; random: PythonRandom; wanted: number },
    signal: AbortSignal,
  ): Promise<string[]> {
    const shift = drawShift(random);
    const names: string[] = [];
    const ahead: Draw[] = [];
    const ended = new AbortController();
    const either = AbortSignal.any([signal, ended.signal]);
    let duplicates = 0;
    let failures = 0;
    try {
      while (names.length < wanted) {
        while (ahead.length < this.deps.rows.maxInFlight && names.length + ahead.length < wanted) {
          const draw = drawn(random, splits, shift);
          // What may turn out to be a duplicate is not asked for before it is known.
          if (![...names, ...ahead.map(({ name }) => name)].includes(draw.name)) this.#begin(reader, draw, either);
          ahead.push(draw);
        }
        const draw = ahead.shift();
        if (!draw) break;
        if (names.includes(draw.name)) {
          duplicates += 1;
          if (duplicates < MOST_DUPLICATES) continue;
          random.restore(draw.after);
          break;
        }
        try {
          if (!draw.tokens) this.#begin(reader, draw, either);
          for (const token of (await draw.tokens) ?? []) stream.push(token);
          names.push(draw.name);
        } catch (error) {
          failures += 1;
          if (failures >= ATTEMPTS || !isFailedRequest(error)) random.restore(draw.after);
          if (!isFailedRequest(error)) throw error;
          // As in the reference: what came and is no JSON counts as a page, an empty one.
          if (isNoJson(error)) names.push(draw.name);
          await reader.pause(error, failures, signal);
        }
      }
    } finally {
      ended.abort();
    }
    return names;
  }

  #begin(reader: PageReader, draw: Draw, signal: AbortSignal): void {
    const { dataset } = this.options;
    const read = async (): Promise<number[]> => {
      if (!draw.page) throw datasetErrors.SPLITS_UNUSABLE({ dataset, reason: draw.name });
      const tokens: number[] = [];
      await reader.read({ dataset, ...draw.page, length: PAGE_ROWS, gated: false }, tokens, signal);
      return tokens;
    };
    draw.tokens = read();
    // Whoever never looks at it has ended for another reason.
    draw.tokens.catch(() => undefined);
  }
}

/** The next page, or why there is none: that counts only when it is this draw's turn. */
function drawn(random: PythonRandom, splits: readonly SplitSize[], shift: number): Draw {
  try {
    const page = drawSplitPage(random, splits, shift);
    return { name: `${page.config}_${page.offset}_${page.split}`, page, after: random.clone() };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return {
      name: splits.length === 0 ? 'it names no config' : 'a config has less than one page',
      after: random.clone(),
    };
  }
}
