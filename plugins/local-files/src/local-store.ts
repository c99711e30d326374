import { join } from 'node:path';
import type { Clock } from '@assay/core/contracts/clock';
import type {
  FetchProgress,
  ModelStore,
  PruneResult,
  RepoListing,
  StoreUsage,
} from '@assay/core/contracts/model-store';
import type { ModelReference, RepoFile, StoredModel } from '@assay/core/contracts/model';
import { storeErrors } from '@assay/core/model/errors';
import { SnapshotFolder } from '@assay/core/model/snapshot-folder';
import { localFilesErrors } from './errors.js';
import { listFiles, presenceOf, readChunks, readWhole } from './repo-files.js';

const PART = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;
const REVISION = /^[0-9a-f]{40}$/;

/**
 * Repos in a folder, `namespace/name/revision/...`, and the validator's own store beside it. The miner answers for what
 * is not in a repo; for a folder of repos that can't be read the operator does.
 */
export class LocalStore implements ModelStore {
  private constructor(
    private readonly repos: string,
    private readonly folder: SnapshotFolder,
    private readonly clock: Clock,
  ) {}

  static async init(options: { repos: string; dir: string }, deps: { clock: Clock }): Promise<LocalStore> {
    return new LocalStore(options.repos, await SnapshotFolder.open(options.dir, deps.clock), deps.clock);
  }

  get description(): string {
    return `local folder ${this.repos}`;
  }

  async list(reference: ModelReference, signal: AbortSignal): Promise<RepoListing> {
    return this.#reading(async () => {
      const files = await listFiles(await this.#revision(reference), signal);
      return { files, totalBytes: files.reduce((sum, { size }) => sum + size, 0) };
    });
  }

  async read(reference: ModelReference, path: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
    return this.#reading(async () => {
      const root = await this.#revision(reference);
      const file = (await listFiles(root, signal)).find((candidate) => candidate.path === path);
      if (!file) throw storeErrors.FILE_NOT_FOUND({ repo: repoOf(reference), path });
      if (file.size > maxBytes) throw storeErrors.FILE_TOO_LARGE({ path, size: file.size, limit: maxBytes });
      return readWhole(root, path, maxBytes, signal);
    });
  }

  async fetch(
    reference: ModelReference,
    files: readonly RepoFile[],
    onProgress: (progress: FetchProgress) => void,
    signal: AbortSignal,
  ): Promise<StoredModel> {
    return this.#reading(async () => {
      const root = await this.#revision(reference);
      return this.folder.add(reference, files, ({ path }) => readChunks(root, path, signal), onProgress, signal);
    });
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
    return this.folder.prune(keep, graceMs, this.clock.now(), signal);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #revision(reference: ModelReference): Promise<string> {
    const { namespace, name, revision } = reference;
    const repo = repoOf(reference);
    await this.#requireRepos();
    if (![namespace, name].every((part) => PART.test(part))) throw storeErrors.REPO_NOT_FOUND({ repo });
    // Each part for itself: a link in the middle would lead out of the folder just as well.
    for (const folder of [join(this.repos, namespace), join(this.repos, namespace, name)]) {
      if ((await presenceOf(folder)) !== 'folder') throw storeErrors.REPO_NOT_FOUND({ repo });
    }
    const root = join(this.repos, namespace, name, revision);
    if (!REVISION.test(revision) || (await presenceOf(root)) !== 'folder')
      throw storeErrors.REVISION_NOT_FOUND({ repo, revision });
    return root;
  }

  /** A folder that is not mounted is no reason to refuse every miner for good. */
  async #requireRepos(): Promise<void> {
    const presence = await presenceOf(join(this.repos, '.'));
    if (presence !== 'folder')
      throw localFilesErrors.REPOS_UNREADABLE({ repos: this.repos, reason: 'it is not a folder' });
  }

  async #reading<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Error && 'syscall' in error)) throw error;
      throw localFilesErrors.REPOS_UNREADABLE({ repos: this.repos, reason: error.message }, error);
    }
  }
}

const repoOf = ({ namespace, name }: ModelReference): string => `${namespace}/${name}`;
