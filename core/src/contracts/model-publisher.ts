import type { ModelSource } from './model-store.js';
import type { ModelReference } from './model.js';

/** A repo of models, by the name that its owner gives it. */
export interface RepoId {
  /** A user or organisation. */
  namespace: string;
  name: string;
}

export type Visibility = 'public' | 'private';

/** A repo as its publisher finds it. */
export interface PublishedRepo {
  visibility: Visibility;
}

/** A file on this machine that is to be published. */
export interface UploadFile {
  /** Path inside the repo with `/` between parts. */
  path: string;
  /** Bytes. */
  size: number;
  /** Hex sha256 of the content. */
  sha256: string;
  /** Absolute path on this machine. */
  file: string;
}

export interface UploadProgress {
  path: string;
  /** Bytes of this upload so far, and in all. */
  done: number;
  total: number;
}

/**
 * Where a miner publishes models: what a plugin provides as `publisher`. Every call can be made again after an
 * interruption: it looks at what is there and does the rest. An account that is missing or may not write rejects with
 * fault `config`; a service that can't be reached with fault `network`, after a bounded number of tries.
 */
export interface ModelPublisher {
  readonly description: string;
  /** Reads repos of this account back, private ones included. It is closed with the publisher. */
  readonly source: ModelSource;
  /** The repo, which this account may write to; undefined where there is none yet. Changes nothing. */
  find(repo: RepoId, signal: AbortSignal): Promise<PublishedRepo | undefined>;
  create(repo: RepoId, visibility: Visibility, signal: AbortSignal): Promise<void>;
  /**
   * Makes the newest revision of a repo hold these files and no other file that could be taken for a part of the model.
   * Older revisions stay. Where it holds them already, nothing is sent.
   * @returns the revision
   */
  upload(
    repo: RepoId,
    files: readonly UploadFile[],
    onProgress: (progress: UploadProgress) => void,
    signal: AbortSignal,
  ): Promise<ModelReference>;
  setVisibility(repo: RepoId, visibility: Visibility, signal: AbortSignal): Promise<void>;
  close?(): Promise<void>;
}

export const MODEL_PUBLISHER = Symbol.for('assay.ModelPublisher');
