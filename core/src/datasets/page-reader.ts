import limitTo, { type LimitFunction } from 'p-limit';
import type { Clock } from '../contracts/clock.js';
import type { Log } from '../contracts/logger.js';
import type { Page, PageQuery, Row, RowSource } from '../contracts/row-source.js';
import type { Tokenizer } from '../contracts/tokenizer.js';
import { abortError, toAssayError } from '../errors/describe.js';
import { breathe } from './breathe.js';
import { datasetErrors, retryAfterOf } from './errors.js';
import { kindOf } from './kind-of.js';

/** Failed requests after which a loader gives up, and the pause after each but the last. */
export const ATTEMPTS = 15;
const PAUSE_MS = 5000;
const WORTH_A_LOOK = 5;
/** A service that asks for more patience than this is treated as one that is down. */
const LONGEST_PAUSE_MS = 60_000;

/**
 * The text of a row.
 * @param number counted from 0 over the whole split
 * @throws ROW_UNUSABLE, which ends the task; REQUEST_FAILED, which makes the loader ask for the page again
 */
export type RowText = (row: Row, number: number, signal: AbortSignal) => string | Promise<string>;

export interface LoaderDeps {
  rows: RowSource;
  clock: Clock;
  log?: Log;
  /** Where the text is no column of the row. */
  rowText?: RowText;
}

interface PageReaderOptions {
  dataset: string;
  tokenizer: Tokenizer;
  /** The first of these that a row has holds its text. */
  columns: readonly string[];
}

/** Pages of one dataset, turned into tokens; all requests of one sample set go through one limit. */
export class PageReader {
  readonly #requests: LimitFunction;
  revision: string | undefined;

  constructor(
    private readonly options: PageReaderOptions,
    private readonly deps: LoaderDeps,
  ) {
    this.#requests = limitTo(deps.rows.maxInFlight);
  }

  /**
   * One attempt. Tokens of rows that come before a failure stay in `into`, so that a second attempt adds them again: as
   * the reference's loaders do.
   */
  async read(query: PageQuery, into: number[], signal: AbortSignal): Promise<void> {
    const page = await this.#requests(() => this.deps.rows.page(query, signal));
    this.revision = page.revision ?? this.revision;
    const { rowText } = this.deps;
    if (!rowText) {
      for (const [index, row] of page.rows.entries()) {
        this.#append(textColumn(row, query.offset + index, this.options), into);
        await breathe(signal);
      }
      return;
    }
    const attempt = new AbortController();
    try {
      for (const text of this.#fetched(page, query.offset, rowText, AbortSignal.any([signal, attempt.signal]))) {
        this.#append(await text, into);
        await breathe(signal);
      }
    } finally {
      attempt.abort();
    }
  }

  /** After a failed request. @throws REQUESTS_EXHAUSTED at the last attempt */
  async pause(error: unknown, attempt: number, signal: AbortSignal): Promise<void> {
    const { dataset } = this.options;
    if (attempt >= ATTEMPTS)
      throw datasetErrors.REQUESTS_EXHAUSTED(
        { dataset, attempts: attempt, reason: toAssayError(error).message },
        error,
      );
    const ms = Math.max(PAUSE_MS, Math.min(retryAfterOf(error), LONGEST_PAUSE_MS));
    // Some fail every day; what goes on for longer is worth a look.
    this.deps.log?.(attempt % WORTH_A_LOOK === 0 ? 'warn' : 'info', 'a request failed and is made again', {
      dataset,
      attempt,
      reason: toAssayError(error).toReport().message,
      ms,
    });
    // A signal of its own: many pages wait at a time, and Node takes more than ten listeners on one signal for a leak.
    await this.deps.clock.sleep(ms, AbortSignal.any([signal]));
  }

  /** Texts in row order. Behind a row that failed none is asked for any more; those before it are still wanted. */
  #fetched(page: Page, offset: number, rowText: RowText, signal: AbortSignal): Promise<string>[] {
    let failedAt = Number.POSITIVE_INFINITY;
    return page.rows.map((row, index) => {
      const text = this.#requests(async () => {
        signal.throwIfAborted();
        if (index > failedAt) throw abortError();
        try {
          return await rowText(row, offset + index, signal);
        } catch (error) {
          failedAt = Math.min(failedAt, index);
          throw error;
        }
      });
      text.catch(() => undefined);
      return text;
    });
  }

  /** Cut where the library cuts, then ended. */
  #append(text: string, into: number[]): void {
    const { tokenizer } = this.options;
    const ids = tokenizer.encode(text);
    const end = Math.min(ids.length, tokenizer.modelMaxLength);
    for (let index = 0; index < end; index += 1) into.push(ids[index] ?? tokenizer.eosTokenId);
    into.push(tokenizer.eosTokenId);
  }
}

function textColumn(row: Row, number: number, { dataset, columns }: PageReaderOptions): string {
  const column = columns.find((name) => Object.hasOwn(row, name));
  if (column === undefined)
    throw datasetErrors.ROW_UNUSABLE({ dataset, row: number, reason: `it has no column ${columns.join(' or ')}` });
  const text = row[column];
  if (typeof text === 'string') return text;
  throw datasetErrors.ROW_UNUSABLE({ dataset, row: number, reason: `${column} is ${kindOf(text)}` });
}
