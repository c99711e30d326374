import { isAssayError } from '@assay/core/errors/assay-error';
import type { Clock } from '@assay/core/contracts/clock';
import { headerOf, HttpClient, MIN_BYTES, partOf } from '@assay/lib-http';
import type { S3Objects } from '@assay/lib-s3';
import { shardErrors } from '../errors.js';
import type { BytePart, OpenedBytes } from './opened.js';
import { shownPlace, type Place } from './place.js';

export type RemotePlace = Exclude<Place, { kind: 'file' }>;

interface RemoteOptions {
  timeoutMs: number;
  requestsInFlight: number;
  requestsPerSecond?: number | undefined;
}

/** What S3 says where there is no such object. */
const ABSENT = new Set(['NoSuchKey', 'NoSuchBucket', 'NotFound']);

/** Servers by HTTP and S3, one attempt for each request. */
export class Remotes {
  readonly #clients = new Map<string, HttpClient>();
  #objects: Promise<S3Objects> | undefined;

  /** @param s3 makes the client of S3, whose library is loaded with the first object */
  constructor(
    private readonly options: RemoteOptions,
    private readonly deps: { clock: Clock; s3: () => Promise<S3Objects> },
  ) {}

  /**
   * @throws SHARD_MISSING where there is nothing, SOURCE_UNREACHABLE, SOURCE_ANSWER_INVALID, REDIRECT_REFUSED, REQUEST_FAILED,
   *   CREDENTIAL_MISSING, CREDENTIAL_REFUSED
   */
  open(place: RemotePlace, part: BytePart, signal: AbortSignal): Promise<OpenedBytes> {
    return place.kind === 'http' ? this.#openHttp(place, part, signal) : this.#openS3(place, part, signal);
  }

  /** A document as a whole, also from a server that does not say how long it is. @throws as `open` does */
  async read(place: RemotePlace, maxBytes: number, signal: AbortSignal): Promise<Buffer> {
    const what = shownPlace(place);
    if (place.kind === 's3') {
      const objects = await this.#s3();
      return objects.read(place, maxBytes, signal).catch((error: unknown) => {
        throw s3Refusal(objects, what, error);
      });
    }
    const answer = await this.#client(place.home).get({ what, url: place.url, maxBytes }, signal);
    if (answer.status !== 200) throw shardErrors.SHARD_MISSING({ shard: what, reason: `status ${answer.status}` });
    return answer.body;
  }

  #s3(): Promise<S3Objects> {
    this.#objects ??= this.deps.s3();
    return this.#objects;
  }

  async #openHttp(place: Extract<Place, { kind: 'http' }>, part: BytePart, signal: AbortSignal): Promise<OpenedBytes> {
    const what = shownPlace(place);
    const opened = await this.#client(place.home).open({ what, url: place.url }, part, signal);
    if (opened.kind === 'answer') throw shardErrors.SHARD_MISSING({ shard: what, reason: `status ${opened.status}` });
    const { start, end, size, headers, bytes } = opened;
    const version = `${headerOf(headers, 'etag') ?? ''} ${headerOf(headers, 'last-modified') ?? ''}`.trim();
    return {
      ...{ start, end, size, version, bytes },
      close: async () => {
        await bytes.return();
      },
    };
  }

  async #openS3(place: Extract<Place, { kind: 's3' }>, part: BytePart, signal: AbortSignal): Promise<OpenedBytes> {
    const what = shownPlace(place);
    const objects = await this.#s3();
    try {
      const { contentRange, contentLength, etag, bytes, close } = await objects.open(
        place,
        [part.start, part.end],
        signal,
      );
      const headers = {
        ...(contentRange === undefined ? {} : { 'content-range': contentRange }),
        ...(contentLength === undefined ? {} : { 'content-length': String(contentLength) }),
      };
      const held = partOf(what, { statusCode: contentRange === undefined ? 200 : 206, headers }, part);
      const { start, length, size } = held;
      return {
        ...{ start, end: length === undefined ? undefined : start + length, size, version: etag ?? '', bytes },
        close: async () => {
          close();
        },
      };
    } catch (error) {
      throw s3Refusal(objects, what, error);
    }
  }

  /** One client for each server that the config names, and one for all others. */
  #client(home: string | undefined): HttpClient {
    const known = this.#clients.get(home ?? '');
    if (known) return known;
    const { clock } = this.deps;
    const client = new HttpClient(
      { ...this.options, minBytes: MIN_BYTES, ...(home === undefined ? {} : { endpoint: new URL(home) }) },
      { clock },
    );
    this.#clients.set(home ?? '', client);
    return client;
  }
}

/** What S3 says of an object that it does not give, in our words. */
function s3Refusal(objects: S3Objects, what: string, error: unknown): unknown {
  const reason = isAssayError(error) ? error.payload['reason'] : undefined;
  if (typeof reason === 'string' && ABSENT.has(reason)) return shardErrors.SHARD_MISSING({ shard: what, reason });
  return objects.refused(error) ?? error;
}
