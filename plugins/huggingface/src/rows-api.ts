import type { Clock } from '@assay/core/contracts/clock';
import type { Page, PageQuery, RowSource, SplitSize } from '@assay/core/contracts/row-source';
import { datasetErrors } from '@assay/core/datasets/errors';
import { z } from 'zod';
import {
  get,
  hubToken,
  parseBounded,
  requireToken,
  retryAfterMs,
  type Answer,
  type Fetch,
  type Request,
} from '@assay/lib-hub';

/** Fifty rows of text are a megabyte or so, and the service gives no more than ten. */
const MAX_BYTES = 16 * 1024 * 1024;

const rowsAnswer = z.looseObject({ rows: z.array(z.looseObject({ row: z.record(z.string(), z.unknown()) })) });
/** What the library that makes datasets lets a config be called, and nothing that is not seen: names become names of pages. */
const name = z.string().regex(/^[^\p{C}\p{Zl}\p{Zp}<>:/\\|?*]{1,200}$/u, 'not what a config or a split can be called');
const sizeAnswer = z.looseObject({
  size: z.looseObject({
    splits: z.array(z.looseObject({ config: name, split: name, num_rows: z.number().int().nonnegative() })),
  }),
});
/** The commit of a dataset. Whatever else a server says in its place would be written down with the samples. */
const COMMIT = /^[0-9a-f]{40}$/;

export interface HttpDeps {
  fetch: Fetch;
  timeoutMs: number;
  clock: Pick<Clock, 'now'>;
  environment: Readonly<Record<string, string | undefined>>;
}

interface RowsApiOptions {
  /** `https://datasets-server.huggingface.co`, or a mirror. */
  endpoint: string;
  maxInFlight: number;
}

/** Hugging Face's datasets server: `/rows` and `/size`. */
export class RowsApi implements RowSource {
  readonly description = 'the rows API';
  readonly maxInFlight: number;

  constructor(
    private readonly options: RowsApiOptions,
    private readonly deps: HttpDeps,
  ) {
    this.maxInFlight = options.maxInFlight;
  }

  async page({ dataset, config, split, offset, length, gated }: PageQuery, signal: AbortSignal): Promise<Page> {
    const what = `rows ${offset} to ${offset + length - 1} of ${dataset}`;
    const token = gated ? await requireToken(this.deps.environment, dataset) : undefined;
    const url = this.#url('rows', { dataset, config, split, offset: String(offset), length: String(length) });
    const answer = await getWell({ what, url, token, maxBytes: MAX_BYTES }, this.deps, dataset, signal);
    const { rows } = shaped(what, rowsAnswer, jsonOf(what, answer));
    const revision = answer.headers.get('x-revision') ?? '';
    return { rows: rows.map(({ row }) => row), ...(COMMIT.test(revision) ? { revision } : {}) };
  }

  async splits(dataset: string, signal: AbortSignal): Promise<SplitSize[]> {
    const what = `the sizes of ${dataset}`;
    const answer = await getWell(
      { what, url: this.#url('size', { dataset }), maxBytes: MAX_BYTES },
      this.deps,
      dataset,
      signal,
    );
    return shaped(what, sizeAnswer, jsonOf(what, answer)).size.splits.map(({ config, split, num_rows: rows }) => ({
      config,
      split,
      rows,
    }));
  }

  #url(path: string, parameters: Record<string, string>): URL {
    const url = new URL(path, this.options.endpoint.replace(/\/*$/, '/'));
    url.search = new URLSearchParams(parameters).toString();
    return url;
  }
}

/** An answer of status 200 (206 for a range). @throws REQUEST_FAILED, CREDENTIAL_REFUSED */
export async function getWell(
  request: Omit<Request, 'timeoutMs'>,
  deps: HttpDeps,
  dataset: string,
  signal: AbortSignal,
): Promise<Answer> {
  const answer = await get({ ...request, timeoutMs: deps.timeoutMs }, deps.fetch, signal);
  if (answer.status === (request.range ? 206 : 200)) return answer;
  // Letters alone: tokens have more in them.
  const code = /^[A-Za-z]{1,60}$/.exec(answer.headers.get('x-error-code') ?? '')?.[0];
  const reason = `status ${answer.status}${code === undefined ? '' : ` (${code})`}`;
  if (
    request.token !== undefined &&
    (answer.status === 401 || answer.status === 403 || code === 'ExternalAuthenticatedError')
  ) {
    const { variables, page } = hubToken(dataset);
    throw datasetErrors.CREDENTIAL_REFUSED({ variables, dataset, page, reason });
  }
  const asked =
    answer.status === 429 || answer.status === 503 ? retryAfterMs(answer.headers, deps.clock.now()) : undefined;
  throw datasetErrors.REQUEST_FAILED({
    what: request.what,
    reason,
    ...(asked === undefined ? {} : { retryAfterMs: asked }),
  });
}

/** @throws REQUEST_FAILED for no JSON, ANSWER_MALFORMED for more than is wanted */
export function jsonOf(what: string, { body }: Answer): unknown {
  try {
    return parseBounded(body);
  } catch (error) {
    if (error instanceof RangeError) throw datasetErrors.ANSWER_MALFORMED({ what, reason: error.message });
    throw datasetErrors.REQUEST_FAILED({ what, reason: 'the answer is no JSON', noJson: true }, error);
  }
}

/** @throws ANSWER_MALFORMED */
export function shaped<T>(what: string, schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const reason = [issue?.path.join('.') ?? '', issue?.message ?? 'another shape']
    .filter((part) => part !== '')
    .join(': ');
  throw datasetErrors.ANSWER_MALFORMED({ what, reason });
}
