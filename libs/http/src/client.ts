import { Agent, type Dispatcher } from 'undici';
import type { Clock } from '@assay/core/contracts/clock';
import { isAssayError } from '@assay/core/errors/assay-error';
import { storeErrors } from '@assay/core/model/errors';
import { AddressRefused, guardedLookup, isPublicAddress, type Lookup } from './addresses.js';
import { BodyBytes } from './body-bytes.js';
import { Gate, PauseTooLong } from './gate.js';
import { headerOf, retryAfterMs, type AnswerHeaders } from './headers.js';
import { Patience } from './patience.js';
import { partOf, type Part } from './part.js';
import { isRedirect, redirectTarget, refusal, requireAllowed } from './redirects.js';

/** A small answer may take as many times `timeoutMs` as a whole. */
const TOTAL = 4;
const MAX_HEADER_BYTES = 32 * 1024;
/** Of an answer that says why there is no file. */
const MAX_REFUSAL_BYTES = 64 * 1024;
/** A connection is used again only where the body of a redirect is short. */
const MAX_REDIRECT_BYTES = 16 * 1024;
/** Statuses that say nothing about what was asked for. */
const TRY_LATER = new Set([408, 425, 429]);

export interface HttpOptions {
  /**
   * The address that the config names. Plain http, and addresses that are not public, are allowed for its origin only; for
   * no origin when left out.
   */
  endpoint?: URL;
  /** Silence after which a request is given up: before the answer, and between two parts of it. */
  timeoutMs: number;
  /** A body that brings fewer bytes in `timeoutMs` of waiting is given up too. */
  minBytes: number;
  requestsInFlight: number;
  requestsPerSecond?: number | undefined;
}

export interface HttpDeps {
  clock: Clock;
  /** Resolves names; the system does when left out. */
  lookup?: Lookup;
  /** Which addresses beside the endpoint may be connected to; all public ones when left out. */
  mayReach?: (address: string) => boolean;
  /** Certificates to trust in place of those of Node.js. */
  ca?: string;
}

export interface Request {
  /** `GET` when left out. */
  method?: 'GET' | 'HEAD';
  /** For messages: what is asked for, never with a secret. */
  what: string;
  url: URL;
  headers?: Readonly<Record<string, string>>;
  /** Sent to the origin of `url`, and not again once a redirect has led elsewhere. */
  authorization?: string | undefined;
}

/** An answer that was read to its end. */
export interface Answer {
  kind: 'answer';
  status: number;
  headers: AnswerHeaders;
  body: Buffer;
  /** Whether the origin that was asked gave it, and not one that a redirect led to. */
  fromOrigin: boolean;
}

/** A file, or a part of it, whose bytes are still to be read. */
export interface Opened {
  kind: 'opened';
  /** Where the bytes begin: at the start of the range, or at 0. */
  start: number;
  /** The first byte after them: the end of the range, or of the file. Undefined where a whole file comes without its length. */
  end: number | undefined;
  /** Bytes of the whole file; undefined as `end` is. */
  size: number | undefined;
  headers: AnswerHeaders;
  /** Headers of the origin's own answers, redirects within it included; of a header that came twice the last. */
  originHeaders: AnswerHeaders;
  bytes: AsyncIterableIterator<Uint8Array, undefined> & { return(): Promise<unknown> };
}

interface Exchange {
  response: Dispatcher.ResponseData;
  originHeaders: AnswerHeaders;
  fromOrigin: boolean;
}

/** HTTP for a source: one attempt for each request, all under one rate limit. */
export class HttpClient {
  readonly #gate: Gate;
  readonly #home: Agent;
  readonly #away: Agent;
  readonly #mayReach: (address: string) => boolean;

  constructor(
    private readonly options: HttpOptions,
    private readonly deps: HttpDeps,
  ) {
    const { timeoutMs } = options;
    const { clock, lookup, mayReach = isPublicAddress, ca } = deps;
    this.#gate = new Gate(options, clock);
    this.#mayReach = mayReach;
    const connect = { timeout: timeoutMs, ...(ca === undefined ? {} : { ca }) };
    const limits = { headersTimeout: 0, bodyTimeout: 0, maxHeaderSize: MAX_HEADER_BYTES };
    this.#home = new Agent({ ...limits, connect: { ...connect, ...(lookup ? { lookup: anyAddress(lookup) } : {}) } });
    this.#away = new Agent({ ...limits, connect: { ...connect, lookup: guardedLookup(mayReach, lookup) } });
  }

  /**
   * One request whose body is read to its end. Every status is an answer, but for those that ask to come again later.
   * @throws SOURCE_UNREACHABLE, SOURCE_ANSWER_INVALID for a body of more than `maxBytes`, REDIRECT_REFUSED
   */
  async get(request: Request & { maxBytes: number }, signal: AbortSignal): Promise<Answer> {
    return this.#underLimit(request.what, signal, async (patience, leave) => {
      const total = setTimeout(() => {
        patience.giveUp(`it took longer than ${(TOTAL * this.options.timeoutMs) / 1000} s`);
      }, TOTAL * this.options.timeoutMs);
      try {
        const exchange = await this.#exchange(request, {}, patience);
        return await this.#answer(request.what, exchange, request.maxBytes, patience);
      } finally {
        clearTimeout(total);
        patience.release();
        leave();
      }
    });
  }

  /**
   * One GET of a part of a file. Where the origin has no such file, its answer is returned in place of an opened file.
   * @throws SOURCE_UNREACHABLE, SOURCE_ANSWER_INVALID for an answer that is not this part or the whole file,
   * REDIRECT_REFUSED; reading the bytes throws the same
   */
  async open(request: Request, part: Part, signal: AbortSignal): Promise<Opened | Answer> {
    const { what } = request;
    const { start, end, size } = part;
    return this.#underLimit(what, signal, async (patience, leave) => {
      const isWhole = start === 0 && end === size;
      const range: Record<string, string> = isWhole ? {} : { range: `bytes=${start}-${end - 1}` };
      const exchange = await this.#exchange(request, range, patience);
      const { response, originHeaders } = exchange;
      if (response.statusCode !== 200 && response.statusCode !== 206) {
        const answer = await this.#answer(what, exchange, MAX_REFUSAL_BYTES, patience);
        patience.release();
        leave();
        return answer;
      }
      try {
        const { start: at, length, size: total } = partOf(what, response, part);
        const bytes = new BodyBytes(response.body, this.options, patience, {
          onEnd: leave,
          onChunk: (received, done) => {
            if (length !== undefined) requireLength(what, length, received, done);
          },
          explain: (error) => this.#explained(what, error, signal),
        });
        const { headers } = response;
        return {
          kind: 'opened',
          start: at,
          end: length === undefined ? undefined : at + length,
          size: total,
          headers,
          originHeaders,
          bytes,
        };
      } catch (error) {
        discard(response);
        throw error;
      }
    });
  }

  async close(): Promise<void> {
    await Promise.all([this.#home.destroy(), this.#away.destroy()]);
  }

  async #underLimit<T>(
    what: string,
    signal: AbortSignal,
    work: (patience: Patience, leave: () => void) => Promise<T>,
  ): Promise<T> {
    const leave = await this.#enter(what, signal);
    const patience = new Patience(signal);
    try {
      return await work(patience, leave);
    } catch (error) {
      patience.release();
      leave();
      throw this.#explained(what, error, signal);
    }
  }

  async #enter(what: string, signal: AbortSignal): Promise<() => void> {
    try {
      return await this.#gate.enter(signal);
    } catch (error) {
      if (!(error instanceof PauseTooLong)) throw error;
      const { message: reason, remainingMs } = error;
      throw storeErrors.SOURCE_UNREACHABLE({ what, reason, retryAfterMs: Math.ceil(remainingMs) });
    }
  }

  /** Sends the request and follows redirects. */
  async #exchange(request: Request, range: Record<string, string>, patience: Patience): Promise<Exchange> {
    const { what, url, authorization, headers, method = 'GET' } = request;
    const rules = { what, endpoint: this.options.endpoint, mayReach: this.#mayReach };
    requireAllowed(url, rules);
    let current = url;
    let fromOrigin = true;
    let originHeaders: AnswerHeaders | undefined;
    for (let hop = 0; ; hop += 1) {
      const response = await this.#send(
        method,
        current,
        {
          ...headers,
          ...range,
          'accept-encoding': 'identity',
          ...(fromOrigin && authorization !== undefined ? { authorization } : {}),
        },
        patience,
      );
      if (fromOrigin) originHeaders = { ...originHeaders, ...response.headers };
      if (!isRedirect(response.statusCode)) {
        this.#requireUsable(what, response);
        return { response, originHeaders: originHeaders ?? response.headers, fromOrigin };
      }
      try {
        current = redirectTarget(current, headerOf(response.headers, 'location'), hop, rules);
        await patience.wait(response.body.dump({ limit: MAX_REDIRECT_BYTES }), this.options.timeoutMs);
      } catch (error) {
        discard(response);
        throw error;
      }
      // A host that a redirect has led to may lead back on purpose.
      fromOrigin &&= current.origin === url.origin;
    }
  }

  #send(
    method: 'GET' | 'HEAD',
    url: URL,
    headers: Record<string, string>,
    patience: Patience,
  ): Promise<Dispatcher.ResponseData> {
    const agent = url.origin === this.options.endpoint?.origin ? this.#home : this.#away;
    const { signal } = patience;
    return patience.wait(
      agent.request({ origin: url.origin, path: url.pathname + url.search, method, headers, signal }),
      this.options.timeoutMs,
    );
  }

  /** @throws SOURCE_UNREACHABLE for a status that says nothing about what was asked for, SOURCE_ANSWER_INVALID */
  #requireUsable(what: string, response: Dispatcher.ResponseData): void {
    const { statusCode: status, headers } = response;
    if (status >= 500 || TRY_LATER.has(status)) {
      discard(response);
      const asked = status === 429 || status === 503 ? retryAfterMs(headers, this.deps.clock.now()) : undefined;
      if (asked !== undefined) this.#gate.pause(asked);
      const retry = asked === undefined ? {} : { retryAfterMs: asked };
      throw storeErrors.SOURCE_UNREACHABLE({ what, reason: `status ${status}`, ...retry });
    }
    const encoding = headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity') {
      discard(response);
      throw storeErrors.SOURCE_ANSWER_INVALID({ what, reason: `it is encoded as ${String(encoding)}` });
    }
  }

  async #answer(
    what: string,
    { response, fromOrigin }: Exchange,
    maxBytes: number,
    patience: Patience,
  ): Promise<Answer> {
    const chunks: Uint8Array[] = [];
    const onChunk = (received: number): void => {
      if (received > maxBytes)
        throw storeErrors.SOURCE_ANSWER_INVALID({ what, reason: `it is longer than ${maxBytes} bytes` });
    };
    for await (const chunk of new BodyBytes(response.body, this.options, patience, { onChunk })) chunks.push(chunk);
    const { statusCode: status, headers } = response;
    return { kind: 'answer', status, headers, body: Buffer.concat(chunks), fromOrigin };
  }

  #explained(what: string, error: unknown, signal: AbortSignal): unknown {
    if (signal.aborted) return signal.reason;
    if (isAssayError(error)) return error;
    const refused = addressRefusedIn(error);
    if (refused) return refusal({ what }, refused.address, 'that is no public address');
    return storeErrors.SOURCE_UNREACHABLE({ what, reason: reasonOf(error) }, error);
  }
}

/** The lookup of tests for the endpoint itself, which may have any address. */
const anyAddress = (lookup: Lookup): ReturnType<typeof guardedLookup> => guardedLookup(() => true, lookup);

/** @throws SOURCE_ANSWER_INVALID, SOURCE_UNREACHABLE */
function requireLength(what: string, length: number, received: number, done: boolean): void {
  if (received > length) throw storeErrors.SOURCE_ANSWER_INVALID({ what, reason: `it is longer than ${length} bytes` });
  if (done && received < length)
    throw storeErrors.SOURCE_UNREACHABLE({ what, reason: `it ended after ${received} of ${length} bytes` });
}

/** Closes the connection of an answer that nobody reads. */
function discard(response: Dispatcher.ResponseData): void {
  response.body.on('error', () => undefined);
  response.body.destroy();
}

function addressRefusedIn(error: unknown): AddressRefused | undefined {
  if (error instanceof AddressRefused) return error;
  return error instanceof Error ? addressRefusedIn(error.cause) : undefined;
}

/** An error of several addresses has its reasons within. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  return error.message === '' ? error.name : error.message;
}
