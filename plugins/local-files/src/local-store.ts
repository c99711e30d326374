import { createReadStream, type Dirent } from 'node:fs';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@assay/core/contracts/clock';
import type { FetchProgress, ModelStore, PruneResult, RepoListing, StoreUsage } from '@assay/core/contracts/model-store';
import type { ModelReference, RepoFile, StoredModel } from '@assay/core/contracts/model';
import { storeErrors } from '@assay/core/model/errors';
import { SnapshotFolder } from '@assay/core/model/snapshot-folder';

const MAX_FILES = 10_000;
const MAX_DEPTH = 8;
const PART = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;

/** Repos in a folder, `namespace/name/revision/...`, and the validator's own store beside it. */
export class LocalStore implements ModelStore {
  private constructor(
    private readonly repos: string,
    private readonly folder: SnapshotFolder,
    private readonly clock: Clock,
  ) {}

  static async init(options: { repos: string; dir: string }, deps: { clock: Clock }): Promise<LocalStore> {
    return new LocalStore(options.repos, await SnapshotFolder.open(options.dir), deps.clock);
  }

  get description(): string {
    return `local folder ${this.repos}`;
  }

  async list(reference: ModelReference, signal: AbortSignal): Promise<RepoListing> {
    const root = await this.#revision(reference);
    const files: RepoFile[] = [];
    await walk(root, '', 0, files, signal);
    return { files, totalBytes: files.reduce((sum, { size }) => sum + size, 0) };
  }

  async read(reference: ModelReference, path: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
    const file = await this.#file(reference, path, signal);
    if (file.size > maxBytes) throw storeErrors.FILE_TOO_LARGE({ path, size: file.size, limit: maxBytes });
    return readFile(join(await this.#revision(reference), path), { signal });
  }

  async fetch(
    reference: ModelReference,
    files: readonly RepoFile[],
    onProgress: (progress: FetchProgress) => void,
    signal: AbortSignal,
  ): Promise<StoredModel> {
    const root = await this.#revision(reference);
    return this.folder.add(reference, files, ({ path }) => createReadStream(join(root, path), { highWaterMark: 1 << 20, signal }), onProgress, signal);
  }

  stored(reference: ModelReference): Promise<StoredModel | undefined> {
    return this.folder.stored(reference);
  }

  usage(): Promise<StoreUsage> {
    return this.folder.usage();
  }

  prune(keep: readonly ModelReference[], graceMs: number, signal: AbortSignal): Promise<PruneResult> {
    return this.folder.prune(keep, graceMs, this.clock.now(), signal);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #file(reference: ModelReference, path: string, signal: AbortSignal): Promise<RepoFile> {
    const { files } = await this.list(reference, signal);
    const file = files.find((candidate) => candidate.path === path);
    if (!file) throw storeErrors.FILE_NOT_FOUND({ repo: `${reference.namespace}/${reference.name}`, path });
    return file;
  }

  async #revision({ namespace, name, revision }: ModelReference): Promise<string> {
    const repo = `${namespace}/${name}`;
    if (![namespace, name].every((part) => PART.test(part))) throw storeErrors.REPO_NOT_FOUND({ repo });
    if (!/^[0-9a-f]{40}$/.test(revision)) throw storeErrors.REVISION_NOT_FOUND({ repo, revision });
    const folder = join(this.repos, namespace, name);
    if (!(await isFolder(folder))) throw storeErrors.REPO_NOT_FOUND({ repo });
    if (!(await isFolder(join(folder, revision)))) throw storeErrors.REVISION_NOT_FOUND({ repo, revision });
    return join(folder, revision);
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined))?.isDirectory() ?? false;
}

/** Plain files only: a link could lead anywhere, and the hub serves none. */
async function walk(root: string, below: string, depth: number, files: RepoFile[], signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const entries: Dirent[] = await readdir(join(root, below), { withFileTypes: true });
  for (const entry of entries) {
    const path = below ? `${below}/${entry.name}` : entry.name;
    if (entry.isDirectory() && depth < MAX_DEPTH) await walk(root, path, depth + 1, files, signal);
    else if (entry.isFile()) files.push({ path, size: (await lstat(join(root, path))).size });
    else throw storeErrors.FILE_NAME_REFUSED({ path });
    if (files.length > MAX_FILES) throw storeErrors.FILE_NAME_REFUSED({ path: `more than ${MAX_FILES} files` });
  }
}
