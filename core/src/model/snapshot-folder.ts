import { link, mkdir, readdir, rename, rm, rmdir, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../contracts/clock.js';
import type { FetchProgress, PruneResult, StoreUsage } from '../contracts/model-store.js';
import {
  isSameReference,
  type ModelReference,
  type RepoFile,
  type StoredFile,
  type StoredModel,
} from '../contracts/model.js';
import { byCodePoint } from './directory-hash.js';
import { diskGuard, errnoOf, guardedSource } from './disk-guard.js';
import { Drafts } from './drafts.js';
import { storeErrors } from './errors.js';
import { hasContent } from './files-intact.js';
import { FolderAges } from './folder-ages.js';
import { holdsExactly, MANIFEST, readManifest } from './folder-manifest.js';
import { bytesBelow, foldersIn, statIfAny, syncFolder } from './folder-contents.js';
import { receiveFile } from './receive-file.js';
import { foldersOf, referenceIn } from './reference-folders.js';
import { requireStorable } from './storable-files.js';

/** Bytes of one file, from the start; read once. */
export type OpenFile = (file: RepoFile, signal: AbortSignal) => AsyncIterable<Uint8Array>;

export type OnFetchProgress = (progress: FetchProgress) => void;

/**
 * Where models are kept: `models/NAMESPACE/NAME/REVISION/files` (`foldersOf`) holds the files of a model and
 * `manifest.json` beside it what they are; `blobs/SHA256` is a hard link to each content, by which equal content is stored once (real files: the
 * runtime maps them and follows no link out of the folder). A model appears and goes with one rename: whole or not at
 * all, at whatever moment the process or the machine dies.
 */
export class SnapshotFolder {
  readonly #blobs: string;
  readonly #models: string;
  readonly #drafts: Drafts;
  /** What is being fetched or about to be, by folder: one model is never assembled twice at a time. */
  readonly #queues = new Map<string, Promise<unknown>>();

  readonly #ages: FolderAges;

  private constructor(
    private readonly directory: string,
    clock: Pick<Clock, 'now' | 'monotonic'> | undefined,
    private readonly quota: number,
  ) {
    this.#blobs = join(directory, 'blobs');
    this.#models = join(directory, 'models');
    this.#drafts = new Drafts(join(directory, 'drafts'));
    this.#ages = new FolderAges(clock);
  }

  /**
   * Makes the folder and throws away what a killed run left half done. Several processes may have it open.
   *
   * @param clock measures the age of what this process has added; without one the times of files alone count
   * @param quota bytes that the folder may hold; as many as the disk has when left out
   */
  static async open(
    directory: string,
    clock?: Pick<Clock, 'now' | 'monotonic'>,
    quota = Number.POSITIVE_INFINITY,
  ): Promise<SnapshotFolder> {
    const folder = new SnapshotFolder(directory, clock, quota);
    await diskGuard(directory, async () => {
      for (const path of [folder.#blobs, folder.#models]) await mkdir(path, { recursive: true });
      await folder.#drafts.discardLeftovers();
    });
    return folder;
  }

  /** A model whose every file is there in its full size; anything less counts as absent and is fetched again. */
  async stored(reference: ModelReference): Promise<StoredModel | undefined> {
    const folder = this.#folderOf(reference);
    return diskGuard(this.directory, async () => {
      const manifest = await readManifest(folder);
      // On a file system that folds case another model may answer to this name.
      if (!manifest || !isSameReference(manifest.reference, reference)) return undefined;
      const directory = join(folder, 'files');
      for (const { path, size } of manifest.files) {
        if ((await statIfAny(join(directory, path)))?.size !== size) return undefined;
      }
      return { reference, directory, files: manifest.files };
    });
  }

  /** Streams the files in, hashing them on the way, and publishes the model when all are there. A stored one stays. */
  async add(
    reference: ModelReference,
    files: readonly RepoFile[],
    source: OpenFile,
    onProgress: OnFetchProgress,
    signal: AbortSignal,
  ): Promise<StoredModel> {
    requireStorable(files);
    return this.#inTurn(this.#folderOf(reference), async () => {
      signal.throwIfAborted();
      const stored = await this.stored(reference);
      const added =
        stored && holdsExactly(stored, files)
          ? stored
          : await diskGuard(this.directory, async () => this.#fetch(reference, files, source, onProgress, signal));
      this.#ages.renew(this.#folderOf(reference));
      return added;
    });
  }

  /** Removes a model. Its content under `blobs` stays only where another model has the same. */
  async discard(reference: ModelReference): Promise<void> {
    const folder = this.#folderOf(reference);
    await this.#inTurn(folder, async () => diskGuard(this.directory, async () => this.#remove(folder)));
  }

  async usage(): Promise<StoreUsage> {
    return diskGuard(this.directory, async () => {
      const bytes = await bytesBelow(this.directory);
      return { models: (await this.#references()).length, bytes, freeBytes: await this.#room(bytes) };
    });
  }

  async prune(
    keep: readonly ModelReference[],
    graceMs: number,
    now: number,
    signal: AbortSignal,
  ): Promise<PruneResult> {
    const kept = new Set(keep.map((reference) => this.#folderOf(reference)));
    return diskGuard(this.directory, async () => {
      const before = await bytesBelow(this.directory);
      const removed: ModelReference[] = [];
      for (const reference of await this.#references()) {
        signal.throwIfAborted();
        const folder = this.#folderOf(reference);
        if (kept.has(folder) || this.#queues.has(folder)) continue;
        if (await this.#inTurn(folder, async () => this.#removeIfOlder(folder, graceMs, now))) removed.push(reference);
      }
      await this.#dropUnusedBlobs();
      return { removed, freedBytes: Math.max(0, before - (await bytesBelow(this.directory))) };
    });
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

  async #fetch(
    reference: ModelReference,
    files: readonly RepoFile[],
    source: OpenFile,
    onProgress: OnFetchProgress,
    signal: AbortSignal,
  ): Promise<StoredModel> {
    await this.#requireRoom(files);
    const draft = await this.#drafts.create();
    try {
      const stored = await this.#receive(draft, files, source, onProgress, signal);
      await writeFile(join(draft, MANIFEST), JSON.stringify({ reference, files: stored }), { flush: true });
      const folder = this.#folderOf(reference);
      await this.#publish(draft, folder);
      return { reference, directory: join(folder, 'files'), files: stored };
    } finally {
      await this.#drafts.discard(draft);
    }
  }

  /** A disk run full takes the journal down with it: what can't fit is not begun. */
  async #requireRoom(files: readonly RepoFile[]): Promise<void> {
    const needed = files.reduce((sum, { size }) => sum + size, 0);
    const free = await this.#room(Number.isFinite(this.quota) ? await bytesBelow(this.directory) : 0);
    if (needed > free) throw storeErrors.STORE_FULL({ directory: this.directory, needed, free });
  }

  /** Bytes that may still come, by the disk and by the quota. */
  async #room(used: number): Promise<number> {
    const { bavail, bsize } = await statfs(this.directory);
    return Math.max(0, Math.min(bavail * bsize, this.quota - used));
  }

  async #receive(
    draft: string,
    files: readonly RepoFile[],
    source: OpenFile,
    onProgress: OnFetchProgress,
    signal: AbortSignal,
  ): Promise<StoredFile[]> {
    const total = files.reduce((sum, { size }) => sum + size, 0);
    const stored: StoredFile[] = [];
    let before = 0;
    for (const file of files) {
      const { path, size } = file;
      const tell = (done: number): void => {
        onProgress({ path, done: before + done, total });
      };
      const target = join(draft, 'files', path);
      await mkdir(dirname(target), { recursive: true });
      const sha256 = await receiveFile(
        target,
        file,
        guardedSource(() => source(file, signal)),
        tell,
        signal,
      );
      await this.#share(target, { path, size, sha256 }, join(draft, 'twin'), signal);
      stored.push({ path, size, sha256 });
      before += size;
    }
    return stored.sort((a, b) => byCodePoint(a.path, b.path));
  }

  /**
   * Makes the file the blob of its content, or a link to the blob that exists. The file keeps a name of its own
   * throughout. A blob whose bytes have changed on disk is replaced: linked, it would spread to this model.
   */
  async #share(file: string, { size, sha256 }: StoredFile, twin: string, signal: AbortSignal): Promise<void> {
    const blob = join(this.#blobs, sha256);
    try {
      const known = await statIfAny(blob);
      const sound = known?.size === size && (await hasContent(blob, sha256, signal));
      if (known && !sound) await rm(blob, { force: true });
      if (!sound) {
        await link(file, blob);
        return;
      }
      await link(blob, twin);
      await rename(twin, file);
    } catch (error) {
      // No hard links here, too many to this one, or another process was faster: this model keeps a copy of its own.
      if (
        !['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV', 'EEXIST', 'ENOENT'].includes(
          errnoOf(error) ?? '',
        )
      )
        throw error;
    }
  }

  async #publish(draft: string, folder: string): Promise<void> {
    for (const path of [join(draft, 'files'), draft, this.#blobs]) await syncFolder(path);
    // Cleaning drops parents that are empty, and another process may publish the same model: either may come in between.
    for (let attempts = 3; ; attempts -= 1) {
      await this.#remove(folder);
      await mkdir(dirname(folder), { recursive: true });
      try {
        await rename(draft, folder);
        break;
      } catch (error) {
        if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(errnoOf(error) ?? '') || attempts === 1) throw error;
      }
    }
    for (const path of [dirname(folder), dirname(dirname(folder)), this.#models]) await syncFolder(path);
  }

  async #removeIfOlder(folder: string, graceMs: number, now: number): Promise<boolean> {
    // The manifest is the newest file of a model.
    const found = (await statIfAny(join(folder, MANIFEST))) ?? (await statIfAny(folder));
    if (!found || this.#ages.ageMs(folder, found.mtimeMs, now) < graceMs) return false;
    await this.#remove(folder);
    this.#ages.forget(folder);
    return true;
  }

  /** Out of sight with one rename, then bit by bit. */
  async #remove(folder: string): Promise<void> {
    const trash = this.#drafts.path();
    try {
      await rename(folder, trash);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return;
      throw error;
    }
    await this.#drafts.discard(trash);
    for (const parent of [dirname(folder), dirname(dirname(folder))]) {
      await rmdir(parent).catch((error: unknown) => {
        if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(errnoOf(error) ?? '')) throw error;
      });
    }
  }

  async #dropUnusedBlobs(): Promise<void> {
    for (const name of await readdir(this.#blobs)) {
      const path = join(this.#blobs, name);
      const found = await statIfAny(path);
      if (found && found.nlink <= 1) await rm(path, { force: true });
    }
  }

  async #references(): Promise<ModelReference[]> {
    const found: ModelReference[] = [];
    for (const namespace of await foldersIn(this.#models)) {
      for (const name of await foldersIn(join(this.#models, namespace))) {
        for (const revision of await foldersIn(join(this.#models, namespace, name))) {
          const reference = referenceIn(namespace, name, revision);
          if (reference) found.push(reference);
        }
      }
    }
    return found;
  }

  #folderOf(reference: ModelReference): string {
    return join(this.#models, ...foldersOf(reference));
  }
}
