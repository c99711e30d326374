import { S3Objects } from '@assay/lib-s3';
import { AWS_CREDENTIALS, DATASET, type StackOptions } from './options.js';

/** Stored contents, as they are stored. */
export interface BlobStore {
  /** @throws REQUEST_FAILED, CREDENTIAL_MISSING */
  read(key: string, signal: AbortSignal): Promise<Buffer>;
  /** Proves with a blob that is there that the credentials are accepted. @throws CREDENTIAL_MISSING, CREDENTIAL_REFUSED, REQUEST_FAILED */
  requireAccess(key: string, signal: AbortSignal): Promise<void>;
}

/** A source file of more than this, packed, is none. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Objects of one bucket. */
export class S3Blobs implements BlobStore {
  readonly #objects: S3Objects;

  constructor(private readonly options: StackOptions) {
    this.#objects = new S3Objects(options, { dataset: DATASET, credentials: AWS_CREDENTIALS });
  }

  read(key: string, signal: AbortSignal): Promise<Buffer> {
    return this.#objects.read({ bucket: this.options.bucket, key }, MAX_BYTES, signal);
  }

  requireAccess(key: string, signal: AbortSignal): Promise<void> {
    return this.#objects.requireAccess({ bucket: this.options.bucket, key }, signal);
  }
}
