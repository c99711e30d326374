import { createHash, randomUUID } from 'node:crypto';
import { copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ModelReference } from '@assay/core/contracts/model';
import type { ModelSource } from '@assay/core/contracts/model-store';
import type {
  ModelPublisher,
  PublishedRepo,
  RepoId,
  UploadFile,
  UploadProgress,
} from '@assay/core/contracts/model-publisher';
import { localFilesErrors } from './errors.js';
import { presenceOf } from './repo-files.js';
import { PART, RepoFolder } from './repo-folder.js';

/**
 * Publishes into the folder of repos that the store of this plugin reads. A revision is named by the content, so that the
 * same files are the same revision. Every repo is public: who can read the folder can read it.
 */
export class RepoFolderPublisher implements ModelPublisher {
  readonly source: ModelSource;

  constructor(private readonly repos: string) {
    this.source = new RepoFolder(repos);
  }

  get description(): string {
    return `local folder ${this.repos}`;
  }

  async find(repo: RepoId): Promise<PublishedRepo | undefined> {
    const isThere = (await presenceOf(this.#folderOf(repo))) === 'folder';
    return isThere ? { visibility: 'public' } : undefined;
  }

  async create(repo: RepoId): Promise<void> {
    await this.#writing(() => mkdir(this.#folderOf(repo), { recursive: true }));
  }

  async upload(
    repo: RepoId,
    files: readonly UploadFile[],
    onProgress: (progress: UploadProgress) => void,
    signal: AbortSignal,
  ): Promise<ModelReference> {
    const revision = revisionOf(files);
    const target = join(this.#folderOf(repo), revision);
    if ((await presenceOf(target)) !== 'folder')
      await this.#writing(() => this.#copy(files, target, onProgress, signal));
    return { ...repo, revision };
  }

  async setVisibility(): Promise<void> {}

  /** The revision appears with one rename, whole or not at all. */
  async #copy(
    files: readonly UploadFile[],
    target: string,
    onProgress: (progress: UploadProgress) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const draft = join(this.repos, `.draft-${randomUUID()}`);
    const total = files.reduce((sum, { size }) => sum + size, 0);
    let done = 0;
    try {
      for (const { path, file, size } of files) {
        signal.throwIfAborted();
        await mkdir(dirname(join(draft, path)), { recursive: true });
        await copyFile(file, join(draft, path));
        done += size;
        onProgress({ path, done, total });
      }
      await mkdir(dirname(target), { recursive: true });
      await rename(draft, target);
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  }

  async #writing<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Error && 'syscall' in error)) throw error;
      throw localFilesErrors.REPOS_UNWRITABLE({ repos: this.repos, reason: error.message }, error);
    }
  }

  /** @throws REPOS_UNWRITABLE for a name that would lead elsewhere */
  #folderOf({ namespace, name }: RepoId): string {
    if (![namespace, name].every((part) => PART.test(part)))
      throw localFilesErrors.REPOS_UNWRITABLE({
        repos: this.repos,
        reason: `${JSON.stringify(`${namespace}/${name}`)} is no name of a repo`,
      });
    return join(this.repos, namespace, name);
  }
}

/** 40 hex digits, like those of a commit. */
function revisionOf(files: readonly UploadFile[]): string {
  const lines = files.map(({ path, sha256 }) => `${sha256} ${path}\n`).sort();
  return createHash('sha1').update(lines.join('')).digest('hex');
}
