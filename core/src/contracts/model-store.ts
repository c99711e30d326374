import type { ModelReference, RepoFile, StoredFile, StoredModel } from './model.js';

/** What a revision holds, known before anything is downloaded. */
export interface RepoListing {
  files: RepoFile[];
  /** Sum of all sizes, the files that do not count included: this is what a competition limits. */
  totalBytes: number;
}

export interface FetchProgress {
  path: string;
  /** Bytes of this fetch so far, and in all; what was here already counts as done. */
  done: number;
  total: number;
  /** Received of late; absent until there is something to measure. */
  bytesPerSecond?: number;
  /** Until the rest has come at that rate. */
  remainingMs?: number;
}

export interface StoreUsage {
  models: number;
  /** Bytes on disk, shared files once. */
  bytes: number;
  freeBytes: number;
}

export interface ModelLease {
  /** May be called more than once. */
  release(): Promise<void>;
}

export interface PruneResult {
  removed: ModelReference[];
  freedBytes: number;
}

/** Bytes `start` to before `end` of a file. */
export interface ByteRange {
  start: number;
  end: number;
}

/** A part of a file as a source serves it. */
export interface OpenedFile {
  /** Where `bytes` begin: at the start of the range, or at 0 where the source has whole files only. */
  start: number;
  /**
   * What the source calls this content, e.g. a strong entity tag. Parts of one content have the same; absent where the
   * source has no such name.
   */
  version?: string;
  /** Read once. The caller may stop early, and takes no byte beyond the range. */
  bytes: AsyncIterable<Uint8Array>;
}

/**
 * Where models come from: what a plugin provides as `store`. It keeps nothing itself, tries nothing twice and checks no
 * content: the keeper does, for every source alike. A repo, revision or file that is not there (any more), or not for
 * everybody, rejects with fault `miner`, retry `grace`; a source that can't be reached or answers nonsense with fault
 * `network`, retry `backoff`, and `retryAfterMs` in its payload where the source has asked for a pause; what this machine
 * is to blame for, such as a token that the source refuses, with `validator`.
 */
export interface ModelSource {
  readonly description: string;
  /** Kinds of references that it has, e.g. `['hf', 'oci']`; it is never asked for others. `['hf']` when left out. */
  readonly sources?: readonly string[];
  list(reference: ModelReference, signal: AbortSignal): Promise<RepoListing>;
  /** A part of one file of the list; several may be open at a time. An empty file is never asked for. */
  open(reference: ModelReference, file: RepoFile, range: ByteRange, signal: AbortSignal): Promise<OpenedFile>;
  close?(): Promise<void>;
}

/**
 * What the run sees of models: a source, and the validator's own folder, in which fetched files are kept as real files,
 * equal content once. Core makes it of the configured source. A full disk rejects with fault `validator`.
 */
export interface ModelStore {
  readonly description: string;
  list(reference: ModelReference, signal: AbortSignal): Promise<RepoListing>;
  /** A small file of the list whole, its digests checked. More than `maxBytes` rejects with fault `miner` unread. */
  read(reference: ModelReference, file: RepoFile, maxBytes: number, signal: AbortSignal): Promise<Uint8Array>;
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
   * content with the changed files.
   */
  discard(reference: ModelReference): Promise<void>;
  usage(): Promise<StoreUsage>;
  /**
   * Says that a model is in use: no process removes it before the release. It need not be stored yet; what is stored after
   * this stays.
   */
  lease(reference: ModelReference): Promise<ModelLease>;
  /**
   * Replaces the list of models that this validator waits to judge. They are not removed to make room, also while the
   * validator is not running.
   */
  keep(references: readonly ModelReference[]): Promise<void>;
  /**
   * Drops every stored model that is neither kept, in use nor pinned and that was not used for longer than the grace. A clock
   * that was set must neither keep a model for longer nor drop one sooner.
   */
  prune(graceMs: number, signal: AbortSignal): Promise<PruneResult>;
  close(): Promise<void>;
}

export type { StoredFile };
export const MODEL_STORE = Symbol.for('assay.ModelStore');
