import type { Clock } from '../contracts/clock.js';
import {
  type FetchProgress,
  type ModelSource,
  type ModelStore,
  type PruneResult,
  type RepoListing,
  type StoreUsage,
} from '../contracts/model-store.js';
import { DEFAULT_SOURCE, type ModelReference, type RepoFile, type StoredModel } from '../contracts/model.js';
import { storeErrors } from './errors.js';
import { SnapshotFolder } from './snapshot-folder.js';

/** A source of models, and the folder that keeps what was fetched from it: the same for every source. */
export class ModelKeeper implements ModelStore {
  private constructor(
    private readonly folder: SnapshotFolder,
    private readonly deps: { source: ModelSource; clock: Clock },
  ) {}

  /**
   * @param options `directory` is absolute, and made when it is not there; `quota` is in bytes, the disk's room when left out
   */
  static async open(
    { directory, quota }: { directory: string; quota?: number | undefined },
    deps: { source: ModelSource; clock: Clock },
  ): Promise<ModelKeeper> {
    return new ModelKeeper(await SnapshotFolder.open(directory, deps.clock, quota), deps);
  }

  get description(): string {
    return this.deps.source.description;
  }

  async list(reference: ModelReference, signal: AbortSignal): Promise<RepoListing> {
    return this.#sourceOf(reference).list(reference, signal);
  }

  async read(reference: ModelReference, file: RepoFile, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
    const { path } = file;
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of wholeFile(this.#sourceOf(reference), reference, file, signal)) {
      size += chunk.length;
      if (size > maxBytes) throw storeErrors.FILE_TOO_LARGE({ path, size, limit: maxBytes });
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  async fetch(
    reference: ModelReference,
    files: readonly RepoFile[],
    onProgress: (progress: FetchProgress) => void,
    signal: AbortSignal,
  ): Promise<StoredModel> {
    const source = this.#sourceOf(reference);
    return this.folder.add(
      reference,
      files,
      (file, inner) => wholeFile(source, reference, file, inner),
      onProgress,
      signal,
    );
  }

  stored(reference: ModelReference): Promise<StoredModel | undefined> {
    return this.folder.stored(reference);
  }

  discard(reference: ModelReference): Promise<void> {
    return this.folder.discard(reference);
  }

  usage(): Promise<StoreUsage> {
    return this.folder.usage();
  }

  prune(keep: readonly ModelReference[], graceMs: number, signal: AbortSignal): Promise<PruneResult> {
    return this.folder.prune(keep, graceMs, this.deps.clock.now(), signal);
  }

  async close(): Promise<void> {
    await this.deps.source.close?.();
  }

  /** @throws SOURCE_NOT_SERVED */
  #sourceOf({ source: wanted = DEFAULT_SOURCE }: ModelReference): ModelSource {
    const { source } = this.deps;
    const { sources = [DEFAULT_SOURCE], description } = source;
    if (!sources.includes(wanted)) throw storeErrors.SOURCE_NOT_SERVED({ source: wanted, store: description, sources });
    return source;
  }
}

async function* wholeFile(
  source: ModelSource,
  reference: ModelReference,
  file: RepoFile,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  yield* (await source.open(reference, file, { start: 0, end: file.size }, signal)).bytes;
}
