import { Readable } from 'node:stream';
import { GetObjectCommand, S3Client, type GetObjectCommandOutput, type S3ClientConfig } from '@aws-sdk/client-s3';
import { datasetErrors } from '@assay/core/datasets/errors';
import { isAssayError } from '@assay/core/errors/assay-error';
import type { CredentialNeed } from '@assay/core/plugin/plugin';
import { boundErrorAnswers, OwnError, reasonOf } from './s3-errors.js';

const CONNECT_MS = 15_000;
const SILENCE_MS = 15_000;
const TOTAL_MS = 60_000;

/** What a server says of credentials that it does not take. */
const REFUSALS = new Set([
  'AccessDenied',
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'ExpiredToken',
  'InvalidToken',
  'InvalidClientTokenId',
  'AllAccessDisabled',
  'AccountProblem',
]);

export interface S3Options {
  region: string;
  /** A service that speaks S3; AWS itself when left out. */
  endpoint?: string | undefined;
  /** Send no credentials. */
  anonymous: boolean;
}

/** What the credentials are for, for messages. */
interface S3Purpose {
  dataset: string;
  credentials: CredentialNeed;
}

export interface S3Place {
  bucket: string;
  key: string;
}

/** An object, or a part of it, whose bytes are still to be read. Headers as they came. */
export interface OpenedObject {
  contentRange: string | undefined;
  contentLength: number | undefined;
  etag: string | undefined;
  bytes: AsyncIterableIterator<Uint8Array, undefined>;
  /** Drops what is still to come. */
  close: () => void;
}

/** Objects through S3, with credentials from the standard AWS chain. */
export class S3Objects {
  readonly #client: S3Client;

  constructor(
    { region, endpoint, anonymous }: S3Options,
    private readonly purpose: S3Purpose,
  ) {
    // The library warns about versions of Node.js that its later releases need; the release in use is pinned.
    process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
    const config: S3ClientConfig = {
      region,
      // A mirror is addressed by its own name, not by one below it for each bucket.
      ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
      ...(anonymous
        ? {
            credentials: { accessKeyId: '', secretAccessKey: '' },
            signer: { sign: (request) => Promise.resolve(request) },
          }
        : {}),
      requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: TOTAL_MS, throwOnRequestTimeout: true },
      maxAttempts: 3,
    };
    this.#client = new S3Client(config);
    boundErrorAnswers(this.#client);
  }

  /**
   * A whole object within a minute.
   * @throws REQUEST_FAILED, also for one of more than `maxBytes`; CREDENTIAL_MISSING
   */
  async read(place: S3Place, maxBytes: number, signal: AbortSignal): Promise<Buffer> {
    const ended = new AbortController();
    const total = setTimeout(() => {
      ended.abort(new OwnError(`it took longer than ${TOTAL_MS / 1000} s`));
    }, TOTAL_MS);
    try {
      const opened = await this.#send(place, undefined, ended, signal);
      return await gathered(opened, maxBytes);
    } catch (error) {
      throw this.#told(place, error, ended, signal);
    } finally {
      clearTimeout(total);
      ended.abort();
    }
  }

  /**
   * An object, or some of its bytes where the service takes a range. Silence ends it.
   * @param range first byte and the one after the last
   * @throws REQUEST_FAILED, CREDENTIAL_MISSING; reading the bytes throws the same
   */
  async open(place: S3Place, range: readonly [number, number], signal: AbortSignal): Promise<OpenedObject> {
    const ended = new AbortController();
    try {
      const opened = await this.#send(place, range, ended, signal);
      return { ...opened, bytes: this.#toldOf(opened.bytes, place, ended, signal) };
    } catch (error) {
      throw this.#told(place, error, ended, signal);
    }
  }

  /** Proves with an object that is there that the credentials are accepted. @throws CREDENTIAL_MISSING, CREDENTIAL_REFUSED, REQUEST_FAILED */
  async requireAccess(place: S3Place, signal: AbortSignal): Promise<void> {
    try {
      const opened = await this.open(place, [0, 1], signal);
      opened.close();
    } catch (error) {
      throw this.refused(error) ?? error;
    }
  }

  /** What a failed request says of the credentials: CREDENTIAL_REFUSED; undefined where it says nothing. */
  refused(error: unknown): Error | undefined {
    const reason = isAssayError(error) ? error.payload['reason'] : undefined;
    if (typeof reason !== 'string' || !REFUSALS.has(reason)) return undefined;
    const { dataset, credentials } = this.purpose;
    const { variables, page } = credentials;
    return datasetErrors.CREDENTIAL_REFUSED({ variables, dataset, page, reason });
  }

  async #send(
    { bucket, key }: S3Place,
    range: readonly [number, number] | undefined,
    ended: AbortController,
    signal: AbortSignal,
  ): Promise<OpenedObject> {
    const command = new GetObjectCommand({
      Bucket: bucket,
      Key: key,
      ...(range === undefined ? {} : { Range: `bytes=${range[0]}-${range[1] - 1}` }),
    });
    const answer: GetObjectCommandOutput = await this.#client.send(command, {
      abortSignal: AbortSignal.any([signal, ended.signal]),
    });
    const body = answer.Body instanceof Readable ? answer.Body : Readable.from([]);
    // A body that is no longer read may still fail.
    body.on('error', () => undefined);
    return {
      contentRange: answer.ContentRange,
      contentLength: answer.ContentLength,
      etag: answer.ETag,
      bytes: watched(body, ended),
      close: () => {
        body.destroy();
        ended.abort();
      },
    };
  }

  async *#toldOf(
    bytes: AsyncIterable<Uint8Array>,
    place: S3Place,
    ended: AbortController,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, undefined> {
    try {
      yield* bytes;
      return undefined;
    } catch (error) {
      throw this.#told(place, error, ended, signal);
    } finally {
      ended.abort();
    }
  }

  /** Without what lies behind it, which may hold what was sent. */
  #told({ bucket, key }: S3Place, given: unknown, ended: AbortController, signal: AbortSignal): unknown {
    if (signal.aborted) return signal.reason;
    const error: unknown = ended.signal.aborted ? ended.signal.reason : given;
    if (error instanceof Error && error.name === 'CredentialsProviderError') {
      const { dataset, credentials } = this.purpose;
      return datasetErrors.CREDENTIAL_MISSING({ variables: credentials.variables, dataset, page: credentials.page });
    }
    return datasetErrors.REQUEST_FAILED({ what: `${key} of the bucket ${bucket}`, reason: reasonOf(error) });
  }
}

/** The bytes of a body; a silence of `SILENCE_MS` while a reader waits ends it. */
async function* watched(
  body: AsyncIterable<Uint8Array>,
  ended: AbortController,
): AsyncGenerator<Uint8Array, undefined> {
  let silence: NodeJS.Timeout | undefined;
  const watch = (): void => {
    silence = setTimeout(() => {
      ended.abort(new OwnError(`nothing came for ${SILENCE_MS / 1000} s`));
    }, SILENCE_MS);
  };
  watch();
  try {
    for await (const part of body) {
      clearTimeout(silence);
      yield part;
      watch();
    }
    return undefined;
  } finally {
    clearTimeout(silence);
  }
}

async function gathered({ bytes }: Pick<OpenedObject, 'bytes'>, maxBytes: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of bytes) {
    length += part.length;
    if (length > maxBytes) throw new OwnError(`the object is longer than ${maxBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}
