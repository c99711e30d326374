import { parquetMetadataAsync, parquetReadObjects, type AsyncBuffer } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import type { Page, PageQuery, Row, RowSource, SplitSize } from '@assay/core/contracts/row-source';
import { datasetErrors } from '@assay/core/datasets/errors';
import { printable } from '@assay/core/errors/printable';
import { isAssayError } from '@assay/core/errors/assay-error';
import { z } from 'zod';
import { ParquetIndex, type FileSize } from './parquet-index.js';
import { getWell, jsonOf, shaped, type HttpDeps } from './rows-api.js';
import { LONGEST_REASON, requireToken } from '@assay/lib-hub';

const MIB = 1024 * 1024;
/** A row group of a column may be hundreds of megabytes; nothing longer is asked for at a time. */
const MAX_BYTES = 1024 * MIB;
/** Of a list of addresses. */
const MAX_LIST_BYTES = 16 * MIB;
/** The end of a file in which its footer lies, most often whole. */
const FOOTER_BYTES = MIB / 4;
/** Where the hub's own answers say that its files are; a mirror has them at its own address. */
const HUB = 'https://huggingface.co';

interface ParquetRowsOptions {
  /** `https://huggingface.co`, or a mirror. */
  hubUrl: string;
  maxInFlight: number;
  /** Folder in which row counts are kept. */
  directory: string;
}

interface ParquetRowsDeps extends HttpDeps {
  /** Tells the splits: parquet files name them only when all of their footers have been read. */
  sizes: Pick<RowSource, 'splits'>;
}

interface Split {
  files: readonly string[];
  index: ParquetIndex;
}

/**
 * The same rows out of the datasets' parquet files, by range requests. Rows are numbered through the files of a split in
 * the order in which the hub lists them, as the rows API does.
 */
export class ParquetRows implements RowSource {
  readonly description = 'parquet files';
  readonly maxInFlight: number;
  readonly #splits = new Map<string, Promise<Split>>();

  constructor(
    private readonly options: ParquetRowsOptions,
    private readonly deps: ParquetRowsDeps,
  ) {
    this.maxInFlight = options.maxInFlight;
  }

  splits(dataset: string, signal: AbortSignal): Promise<readonly SplitSize[]> {
    return this.deps.sizes.splits(dataset, signal);
  }

  async page(query: PageQuery, signal: AbortSignal): Promise<Page> {
    const { dataset, config, split, offset, length, gated } = query;
    const token = gated ? await requireToken(this.deps.environment, dataset) : undefined;
    const { files, index } = await this.#files([dataset, config, split], token, signal);
    const rows: Row[] = [];
    let first = 0;
    for (let position = 0; position < files.length && rows.length < length; position += 1) {
      const size = await this.#size(files, position, index, { dataset, token }, signal);
      const start = Math.max(0, offset + rows.length - first);
      if (start < size.rows) {
        const end = Math.min(size.rows, start + length - rows.length);
        rows.push(...(await this.#read(size, start, end, { dataset, token }, signal)));
      }
      first += size.rows;
    }
    return { rows };
  }

  /** Listed once a run. */
  #files(
    name: readonly [dataset: string, config: string, split: string],
    token: string | undefined,
    signal: AbortSignal,
  ): Promise<Split> {
    const key = JSON.stringify(name);
    const known = this.#splits.get(key);
    if (known) return known;
    const listing = this.#list(name, token, signal);
    this.#splits.set(key, listing);
    listing.catch(() => this.#splits.delete(key));
    return listing;
  }

  async #list(
    [dataset, config, split]: readonly [string, string, string],
    token: string | undefined,
    signal: AbortSignal,
  ): Promise<Split> {
    const what = `the parquet files of ${dataset}`;
    const path = ['api/datasets', dataset, 'parquet', encodeURIComponent(config), encodeURIComponent(split)].join('/');
    const url = new URL(path, this.options.hubUrl.replace(/\/*$/, '/'));
    const answer = await getWell({ what, url, token, maxBytes: MAX_LIST_BYTES }, this.deps, dataset, signal);
    const listed = shaped(what, z.array(z.url({ protocol: /^https?$/ })), jsonOf(what, answer));
    const files = listed.map((file) =>
      file.startsWith(`${HUB}/`)
        ? new URL(file.slice(HUB.length + 1), this.options.hubUrl.replace(/\/*$/, '/')).href
        : file,
    );
    return { files, index: new ParquetIndex(this.options.directory, [this.options.hubUrl, dataset, config, split]) };
  }

  /** Footers of the next few files are read together: a page far behind needs the counts of all before it. */
  async #size(
    files: readonly string[],
    position: number,
    index: ParquetIndex,
    access: Access,
    signal: AbortSignal,
  ): Promise<FileSize> {
    const known = await index.get(files[position] ?? '');
    if (known) return known;
    const unknown: string[] = [];
    for (const url of files.slice(position, position + this.maxInFlight))
      if (!(await index.get(url))) unknown.push(url);
    const sizes = await Promise.all(unknown.map((url) => this.#measure(url, access, signal)));
    await index.add(sizes);
    const [size] = sizes;
    if (!size) throw new Error('no file at this position');
    return size;
  }

  async #measure(url: string, access: Access, signal: AbortSignal): Promise<FileSize> {
    const what = `the size of a parquet file of ${access.dataset}`;
    const { headers } = await getWell(
      { what, url: new URL(url), token: this.#tokenFor(url, access), range: { start: 0, end: 0 }, maxBytes: 1 },
      this.deps,
      access.dataset,
      signal,
    );
    const bytes = Number(/^bytes 0-0\/(\d+)$/.exec(headers.get('content-range') ?? '')?.[1]);
    if (!Number.isSafeInteger(bytes) || bytes <= 0)
      throw datasetErrors.ANSWER_MALFORMED({ what, reason: 'it does not say how long the file is' });
    const { num_rows: rows } = await this.#parsed(access, () =>
      parquetMetadataAsync(this.#buffer(url, bytes, access, signal), { initialFetchSize: FOOTER_BYTES }),
    );
    return { url, rows: Number(rows), bytes };
  }

  async #read(
    { url, bytes }: FileSize,
    rowStart: number,
    rowEnd: number,
    access: Access,
    signal: AbortSignal,
  ): Promise<Row[]> {
    const file = this.#buffer(url, bytes, access, signal);
    const found = await this.#parsed(access, async () => {
      const metadata = await parquetMetadataAsync(file, { initialFetchSize: FOOTER_BYTES });
      return parquetReadObjects({ file, metadata, rowStart, rowEnd, compressors, useOffsetIndex: true });
    });
    return found.map(asJson);
  }

  /** What is wrong with the file itself is no failed request: it will not get better. */
  async #parsed<T>({ dataset }: Access, parse: () => Promise<T>): Promise<T> {
    try {
      return await parse();
    } catch (error) {
      if (isAssayError(error) || !(error instanceof Error)) throw error;
      throw datasetErrors.ANSWER_MALFORMED(
        { what: `a parquet file of ${dataset}`, reason: printable(error.message, LONGEST_REASON) },
        error,
      );
    }
  }

  #buffer(url: string, byteLength: number, access: Access, signal: AbortSignal): AsyncBuffer {
    const what = `bytes of a parquet file of ${access.dataset}`;
    return {
      byteLength,
      slice: async (start, end = byteLength) => {
        const wanted = end - start;
        const range = { start, end: end - 1 };
        if (wanted > MAX_BYTES)
          throw datasetErrors.ANSWER_MALFORMED({ what, reason: `${wanted} bytes would be needed at once` });
        const { body } = await getWell(
          { what, url: new URL(url), token: this.#tokenFor(url, access), range, maxBytes: wanted },
          this.deps,
          access.dataset,
          signal,
        );
        if (body.length !== wanted)
          throw datasetErrors.REQUEST_FAILED({ what, reason: `${body.length} of ${wanted} bytes came` });
        return body.buffer.slice(body.byteOffset, body.byteOffset + body.length) as ArrayBuffer;
      },
    };
  }

  /** The hub's list may name files elsewhere: they get no token. */
  #tokenFor(url: string, { token }: Access): string | undefined {
    return new URL(url).origin === new URL(this.options.hubUrl).origin ? token : undefined;
  }
}

interface Access {
  dataset: string;
  token: string | undefined;
}

/** Values as the rows API writes them: whole numbers as numbers, points in time as text, inside lists and structs too. */
function asJson(row: Readonly<Record<string, unknown>>): Row {
  return Object.fromEntries(Object.entries(row).map(([column, value]) => [column, plain(value)]));
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) return asJson({ ...value });
  return value ?? null;
}
