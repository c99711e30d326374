import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import pLimit from 'p-limit';
import type { Clock } from '../../contracts/clock.js';
import type {
  FetchProgress,
  ModelLease,
  ModelSource,
  ModelStore,
  PruneResult,
  RepoListing,
  StoreUsage,
} from '../../contracts/model-store.js';
import {
  DEFAULT_SOURCE,
  repoName,
  type ModelReference,
  type RepoFile,
  type StoredFile,
  type StoredModel,
} from '../../contracts/model.js';
import { byCodePoint } from '../directory-hash.js';
import { storeErrors } from '../errors.js';
import { requireStorable } from '../storable-files.js';
import { ByteRate } from './byte-rate.js';
import { diskGuard } from './disk-guard.js';
import { FetchMeter } from './fetch-meter.js';
import { holdsExactly } from './folder-manifest.js';
import { digestsOf, Hasher } from './hasher.js';
import { keeperDefaults, type KeeperOptions } from './keeper-options.js';
import type { Reservation } from './room.js';
import { StoreFolder } from './store-folder.js';
import { requireStated } from './transfer.js';
import { Transfers, type Missing } from './transfers.js';

/** A model that is being fetched. */
interface Fetch {
  reference: ModelReference;
  draft: string;
  meter: FetchMeter;
  missing: Missing;
  reservation: Reservation;
}

/** A source of models, and the folder that keeps what was fetched from it: the same for every source. */
export class ModelKeeper implements ModelStore {
  readonly #transfers: Transfers;
  readonly #files: ReturnType<typeof pLimit>;
  readonly #hasher = new Hasher();
  /** Fetches by folder: one model is never put together twice at a time. */
  readonly #queues = new Map<string, Promise<unknown>>();

  private constructor(
    readonly folder: StoreFolder,
    private readonly options: KeeperOptions,
    private readonly deps: { source: ModelSource; clock: Clock },
  ) {
    const { clock } = deps;
    this.#files = pLimit(options.filesAtOnce);
    this.#transfers = new Transfers(options, {
      ...deps,
      folder,
      hasher: this.#hasher,
      rate: new ByteRate(options.bytesPerSecond, clock),
      ranges: pLimit(options.rangesAtOnce),
    });
  }

  /** @param options `directory` is absolute, and made when it is not there; the rest as in `keeperDefaults` when left out */
  static async open(
    options: Partial<KeeperOptions> & Pick<KeeperOptions, 'directory'>,
    deps: { source: ModelSource; clock: Clock },
  ): Promise<ModelKeeper> {
    const full = { ...keeperDefaults, ...options };
    const { directory, maxBytes, minFreeBytes } = full;
    const folder = await StoreFolder.open({ directory, limits: { maxBytes, minFreeBytes } }, deps.clock);
    return new ModelKeeper(folder, full, deps);
  }

  get description(): string {
    return this.deps.source.description;
  }

  /** Seconds that this process has spent on reading and hashing what was received. */
  get hashingSeconds(): number {
    return this.#hasher.busySeconds;
  }

  async list(reference: ModelReference, signal: AbortSignal): Promise<RepoListing> {
    const listing = await this.#sourceOf(reference).list(reference, signal);
    const sizes = [listing.totalBytes, ...listing.files.map(({ size }) => size)];
    const wrong = sizes.find((size) => !Number.isSafeInteger(size) || size < 0);
    if (wrong === undefined) return listing;
    throw storeErrors.SOURCE_ANSWER_INVALID({ what: repoName(reference), reason: `a file has ${wrong} bytes` });
  }

  async read(reference: ModelReference, file: RepoFile, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
    const { path, size } = file;
    if (size > maxBytes) throw storeErrors.FILE_TOO_LARGE({ path, size, limit: maxBytes });
    return this.#transfers.read(this.#sourceOf(reference), reference, file, signal);
  }

  async fetch(
    reference: ModelReference,
    files: readonly RepoFile[],
    onProgress: (progress: FetchProgress) => void,
    signal: AbortSignal,
  ): Promise<StoredModel> {
    requireStorable(files);
    this.#sourceOf(reference);
    return this.#inTurn(this.folder.models.folderOf(reference), async () => {
      signal.throwIfAborted();
      const lease = await this.#lease(reference);
      try {
        const stored = await this.folder.stored(reference);
        const model =
          stored && holdsExactly(stored, files) ? stored : await this.#fetch(reference, files, onProgress, signal);
        await this.folder.touch(reference);
        return model;
      } finally {
        await lease.release();
      }
    });
  }

  stored(reference: ModelReference): Promise<StoredModel | undefined> {
    return this.folder.stored(reference);
  }

  async discard(reference: ModelReference): Promise<void> {
    await this.#inTurn(this.folder.models.folderOf(reference), () =>
      diskGuard(this.options.directory, async () => {
        // The model and the content are one file on disk: what is wrong with one is wrong with the other.
        for (const { sha256 } of await this.folder.models.filesOf(reference)) this.folder.contents.doubt(sha256);
        await this.folder.models.remove(reference);
      }),
    );
  }

  async lease(reference: ModelReference): Promise<ModelLease> {
    const lease = await this.#lease(reference);
    try {
      await this.folder.touch(reference);
    } catch (error) {
      await lease.release().catch(() => undefined);
      throw error;
    }
    return lease;
  }

  async keep(references: readonly ModelReference[]): Promise<void> {
    await diskGuard(this.options.directory, () => this.folder.holds.keep(this.options.validator, references));
  }

  usage(): Promise<StoreUsage> {
    return this.folder.usage();
  }

  prune(graceMs: number, signal: AbortSignal): Promise<PruneResult> {
    return this.folder.prune(graceMs, signal);
  }

  async close(): Promise<void> {
    try {
      await this.deps.source.close?.();
    } finally {
      await this.#hasher.close();
      await this.folder.close();
    }
  }

  /** A lease is taken back whether or not the disk takes note: what is noted once more ends with this process. */
  async #lease(reference: ModelReference): Promise<ModelLease> {
    const { directory } = this.options;
    const release = await diskGuard(directory, () => this.folder.holds.lease(reference));
    return { release: () => diskGuard(directory, release) };
  }

  async #fetch(
    reference: ModelReference,
    files: readonly RepoFile[],
    onProgress: (progress: FetchProgress) => void,
    signal: AbortSignal,
  ): Promise<StoredModel> {
    return diskGuard(this.options.directory, async () => {
      const { folder } = this;
      const total = files.reduce((sum, { size }) => sum + size, 0);
      const meter = new FetchMeter(total, this.deps.clock, onProgress);
      const missing = await this.#transfers.missing(reference, files, signal);
      try {
        const reservation = await folder.room.reserve(missing.bytes);
        const draft = await folder.drafts.create();
        try {
          const fetch = { reference, draft, meter, missing, reservation };
          const stored = await this.#obtainAll(fetch, files, signal);
          return await folder.models.publish(draft, reference, stored);
        } finally {
          reservation.end();
          await folder.drafts.discard(draft);
        }
      } finally {
        missing.end();
      }
    });
  }

  /** When one file fails for good the others end, and none writes any more afterwards. */
  async #obtainAll(fetch: Fetch, files: readonly RepoFile[], signal: AbortSignal): Promise<StoredFile[]> {
    const failed = new AbortController();
    const inner = AbortSignal.any([signal, failed.signal]);
    let failure: { error: unknown } | undefined;
    const stored: StoredFile[] = [];
    await Promise.all(
      files.map((file) =>
        this.#files(async () => {
          try {
            if (!inner.aborted) stored.push(await this.#obtain(fetch, file, inner));
          } catch (error) {
            failure ??= { error };
            failed.abort();
          }
        }),
      ),
    );
    signal.throwIfAborted();
    if (failure) throw failure.error;
    return stored.sort((a, b) => byCodePoint(a.path, b.path));
  }

  /** One file of the draft: a name for a content that is here, or comes now. */
  async #obtain(
    { reference, draft, meter, missing, reservation }: Fetch,
    file: RepoFile,
    signal: AbortSignal,
  ): Promise<StoredFile> {
    const { path, size } = file;
    const target = join(draft, 'files', path);
    await mkdir(dirname(target), { recursive: true });
    if (size === 0) {
      requireStated(file, digestsOf(Buffer.alloc(0)));
      await writeFile(target, '', { mode: 0o444, flush: true });
      return { path, size, sha256: EMPTY };
    }
    const on = {
      // It was to come with another fetch that has failed, or was here and is gone: it has no room yet.
      transfer: () => reservation.extend(missing.add(file)),
      bytes: (bytes: number): void => {
        meter.received(path, bytes);
      },
    };
    for (;;) {
      const { sha256, found } = await this.#transfers.content(this.#sourceOf(reference), reference, file, on, signal);
      // Between the two another process may have cleaned up.
      if (!(await this.folder.contents.linkTo(sha256, target))) continue;
      reservation.spend(missing.came(file));
      if (found) meter.found(path, size);
      return { path, size, sha256 };
    }
  }

  async #inTurn<T>(folder: string, work: () => Promise<T>): Promise<T> {
    const before = this.#queues.get(folder) ?? Promise.resolve();
    const mine = before.then(work, work);
    this.#queues.set(folder, mine);
    try {
      return await mine;
    } finally {
      if (this.#queues.get(folder) === mine) this.#queues.delete(folder);
    }
  }

  /** @throws SOURCE_NOT_SERVED */
  #sourceOf({ source: wanted = DEFAULT_SOURCE }: ModelReference): ModelSource {
    const { source } = this.deps;
    const { sources = [DEFAULT_SOURCE], description } = source;
    if (!sources.includes(wanted)) throw storeErrors.SOURCE_NOT_SERVED({ source: wanted, store: description, sources });
    return source;
  }
}

const EMPTY = createHash('sha256').digest('hex');
