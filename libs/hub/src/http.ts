import { datasetErrors } from '@assay/core/datasets/errors';
import { printable } from '@assay/core/errors/printable';

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** A whole answer may take so many times the silence that is borne. */
const TOTAL = 4;
const REDIRECTS = 5;
/** Of what a library says of an answer. */
export const LONGEST_REASON = 200;

export interface Request {
  /** For messages: what is asked for, never with a secret. */
  what: string;
  url: URL;
  /** Sent to the origin of `url` and to no other, wherever redirects lead. */
  token?: string | undefined;
  /** First and last byte, both included. */
  range?: { start: number; end: number };
  /** A body longer than this is cut off and refused. */
  maxBytes: number;
  /** Silence after which a request is given up: before the answer and between two parts of it. */
  timeoutMs: number;
}

export interface Answer {
  status: number;
  headers: Headers;
  body: Buffer;
}

/**
 * One GET, read to its end, within bounded time and memory.
 * @throws REQUEST_FAILED when no whole answer came; an answer of any status is one
 */
export async function get(request: Request, fetch: Fetch, signal: AbortSignal): Promise<Answer> {
  const ended = new AbortController();
  const stop = (reason: string) => (): void => {
    ended.abort(new Error(reason));
  };
  const { timeoutMs } = request;
  const total = setTimeout(stop(`it took longer than ${(TOTAL * timeoutMs) / 1000} s`), TOTAL * timeoutMs);
  const listen = (): NodeJS.Timeout => setTimeout(stop(`nothing came for ${timeoutMs / 1000} s`), timeoutMs);
  let silence = listen();
  const onByte = (): void => {
    clearTimeout(silence);
    silence = listen();
  };
  try {
    const response = await follow(request, fetch, AbortSignal.any([signal, ended.signal]));
    return {
      status: response.status,
      headers: response.headers,
      body: await bodyOf(response, request.maxBytes, onByte),
    };
  } catch (error) {
    signal.throwIfAborted();
    const reason = ended.signal.aborted ? (ended.signal.reason as Error).message : reasonOf(error);
    throw datasetErrors.REQUEST_FAILED({ what: request.what, reason }, error);
  } finally {
    clearTimeout(total);
    clearTimeout(silence);
  }
}

async function follow({ url, token, range }: Request, fetch: Fetch, signal: AbortSignal): Promise<Response> {
  let current = url;
  let trusted = true;
  for (let hop = 0; ; hop += 1) {
    // Whoever has once been elsewhere may have been sent back with intent.
    trusted &&= current.origin === url.origin;
    const headers: Record<string, string> = {
      ...(token !== undefined && trusted ? { authorization: `Bearer ${token}` } : {}),
      ...(range ? { range: `bytes=${range.start}-${range.end}` } : {}),
    };
    const response = await fetch(current.href, { headers, redirect: 'manual', signal });
    const location = response.status >= 300 && response.status < 400 ? response.headers.get('location') : null;
    if (location === null) return response;
    await response.body?.cancel();
    if (hop >= REDIRECTS) throw new Error(`more than ${REDIRECTS} redirects`);
    current = new URL(location, current);
    if (!/^https?:$/.test(current.protocol)) throw new Error(`a redirect to ${current.protocol}`);
    if (current.username !== '' || current.password !== '')
      throw new Error('a redirect to an address with a user name');
  }
}

async function bodyOf(response: Response, maxBytes: number, onByte: () => void): Promise<Buffer> {
  if (!response.body) return Buffer.alloc(0);
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    onByte();
    length += part.value.length;
    if (length > maxBytes) {
      await reader.cancel();
      throw new Error(`the body is longer than ${maxBytes} bytes`);
    }
    parts.push(part.value);
  }
  return Buffer.concat(parts);
}

/** What undici says is in the cause: `fetch failed` helps nobody. A server may have a part in its words. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return printable(String(error), LONGEST_REASON);
  return printable(
    error.cause instanceof Error ? `${error.message}: ${error.cause.message || error.cause.name}` : error.message,
    LONGEST_REASON,
  );
}

/** A number beyond all that a number can hold is one all the same. */
const LONGEST_WAIT_MS = 24 * 3_600_000;

/** Milliseconds that the service asks for, up to a day; it may give a date instead. */
export function retryAfterMs(headers: Headers, now: number): number | undefined {
  const value = headers.get('retry-after');
  if (value === null) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return ms > 0 ? Math.min(ms, LONGEST_WAIT_MS) : undefined;
}
