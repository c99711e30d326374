import type { ModelReference, RepoFile, StoredFile, StoredModel } from './model.js';

/** What a revision holds, known before anything is downloaded. */
export interface RepoListing {
  files: RepoFile[];
  /** Sum of all sizes, the files that do not count included: this is what a competition limits. */
  totalBytes: number;
}

export interface FetchProgress {
  path: string;
  /** Bytes of this fetch so far, and in all. */
  done: number;
  total: number;
}

export interface StoreUsage {
  models: number;
  /** Bytes on disk, shared files once. */
  bytes: number;
  freeBytes: number;
}

export interface PruneResult {
  removed: ModelReference[];
  freedBytes: number;
}

/**
 * Where models come from and where they are kept. Listing and reading go to the source; fetched files are kept in the
 * validator's own folder as real files, equal content once. A repo, file or revision that is not there rejects with
 * fault `miner`; a source that can't be reached with `network`; a full disk with `validator`.
 */
export interface ModelStore {
  readonly description: string;
  list(reference: ModelReference, signal: AbortSignal): Promise<RepoListing>;
  /** A small file whole. More than `maxBytes` rejects with fault `miner` before they are read. */
  read(reference: ModelReference, path: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array>;
  /**
   * The named files into the folder of this model, hashed on the way; `directory` holds exactly these afterwards.
   * Interrupted at any moment, the folder is either whole or absent.
   */
  fetch(
    reference: ModelReference,
    files: readonly RepoFile[],
    onProgress: (progress: FetchProgress) => void,
    signal: AbortSignal,
  ): Promise<StoredModel>;
  /** A model that was fetched before, without touching the source. */
  stored(reference: ModelReference): Promise<StoredModel | undefined>;
  /**
   * Forgets a stored model whose files have changed on disk, so that the next fetch asks the source again and shares no
   * content with the changed files. Without it such a model stays unscored until somebody deletes it by hand.
   */
  discard?(reference: ModelReference): Promise<void>;
  usage(): Promise<StoreUsage>;
  /**
   * Drops every stored model that `keep` does not name and that is older than the grace. A clock that was set must neither
   * keep a model for longer nor drop one sooner.
   */
  prune(keep: readonly ModelReference[], graceMs: number, signal: AbortSignal): Promise<PruneResult>;
  close(): Promise<void>;
}

export type { StoredFile };
export const MODEL_STORE = Symbol.for('assay.ModelStore');
