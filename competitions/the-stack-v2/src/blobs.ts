import { GetObjectCommand, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { datasetErrors, isAssayError } from '@assay/core';
import { AWS_CREDENTIALS, DATASET, type StackOptions } from './options.js';
import { boundErrorAnswers, OwnError, reasonOf } from './s3-errors.js';

/** Stored contents, as they are stored. */
export interface BlobStore {
  /** @throws REQUEST_FAILED, CREDENTIAL_MISSING */
  read(key: string, signal: AbortSignal): Promise<Buffer>;
  /** Proves with a blob that is there that the credentials are accepted. @throws CREDENTIAL_MISSING, CREDENTIAL_REFUSED, REQUEST_FAILED */
  requireAccess(key: string, signal: AbortSignal): Promise<void>;
}

const CONNECT_MS = 15_000;
const SILENCE_MS = 15_000;
const TOTAL_MS = 60_000;
/** A source file of more than this, packed, is none. */
const MAX_BYTES = 64 * 1024 * 1024;

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

/** Objects of one bucket through S3, with credentials from the standard AWS chain. */
export class S3Blobs implements BlobStore {
  readonly #client: S3Client;

  constructor(private readonly options: StackOptions) {
    // It speaks of versions to come; the one in use is pinned.
    process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
    const { region, endpoint, anonymous } = options;
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

  async read(key: string, signal: AbortSignal): Promise<Buffer> {
    return this.#get(key, undefined, signal);
  }

  async requireAccess(key: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#get(key, 'bytes=0-0', signal);
    } catch (error) {
      const reason = isAssayError(error) ? error.payload['reason'] : undefined;
      if (typeof reason !== 'string' || !REFUSALS.has(reason)) throw error;
      const { variables, page } = AWS_CREDENTIALS;
      throw datasetErrors.CREDENTIAL_REFUSED({ variables, dataset: DATASET, page, reason });
    }
  }

  async #get(key: string, range: string | undefined, signal: AbortSignal): Promise<Buffer> {
    const { bucket } = this.options;
    const ended = new AbortController();
    const total = setTimeout(() => {
      ended.abort(new OwnError(`it took longer than ${TOTAL_MS / 1000} s`));
    }, TOTAL_MS);
    try {
      const command = new GetObjectCommand({
        Bucket: bucket,
        Key: key,
        ...(range === undefined ? {} : { Range: range }),
      });
      const { Body } = await this.#client.send(command, { abortSignal: AbortSignal.any([signal, ended.signal]) });
      return await this.#bodyOf(Body as AsyncIterable<Uint8Array> | undefined, ended);
    } catch (error) {
      signal.throwIfAborted();
      throw this.#told(key, ended.signal.aborted ? ended.signal.reason : error);
    } finally {
      clearTimeout(total);
      ended.abort();
    }
  }

  async #bodyOf(body: AsyncIterable<Uint8Array> | undefined, ended: AbortController): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    let length = 0;
    let silence: NodeJS.Timeout | undefined;
    const watch = (): void => {
      clearTimeout(silence);
      silence = setTimeout(() => {
        ended.abort(new OwnError(`nothing came for ${SILENCE_MS / 1000} s`));
      }, SILENCE_MS);
    };
    watch();
    try {
      for await (const part of body ?? []) {
        watch();
        length += part.length;
        if (length > MAX_BYTES) throw new OwnError(`the object is longer than ${MAX_BYTES} bytes`);
        parts.push(part);
      }
      return Buffer.concat(parts);
    } finally {
      clearTimeout(silence);
    }
  }

  /** Without what lies behind it, which may hold what was sent. */
  #told(key: string, error: unknown): Error {
    if (error instanceof Error && error.name === 'CredentialsProviderError') {
      const { variables, page } = AWS_CREDENTIALS;
      return datasetErrors.CREDENTIAL_MISSING({ variables, dataset: DATASET, page });
    }
    return datasetErrors.REQUEST_FAILED({
      what: `${key} of the bucket ${this.options.bucket}`,
      reason: reasonOf(error),
    });
  }
}
