import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import type { ByteRange, ModelSource, OpenedFile, RepoListing } from '@assay/core/contracts/model-store';
import { DEFAULT_SOURCE, repoName, type ModelReference, type RepoFile } from '@assay/core/contracts/model';
import { storeErrors } from '@assay/core/model/errors';
import { localFilesErrors } from './errors.js';
import { listFiles, presenceOf, readListed } from './repo-files.js';

/** A part of the name of a repo. */
export const PART = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;
/** Revisions by source. */
const REVISIONS: Readonly<Record<string, RegExp>> = { hf: /^[0-9a-f]{40}$/, oci: /^sha256:[0-9a-f]{64}$/ };

/**
 * Repos in a folder, `namespace/name/revision/...`, those of other sources below a folder of the source's name. The miner
 * answers for what is not in a repo; for a folder of repos that can't be read the operator does.
 */
export class RepoFolder implements ModelSource {
  readonly sources = Object.keys(REVISIONS);

  constructor(private readonly repos: string) {}

  get description(): string {
    return `local folder ${this.repos}`;
  }

  /** @throws REPOS_UNREADABLE */
  async requireFolder(): Promise<void> {
    try {
      await access(this.repos, constants.R_OK | constants.X_OK);
      if ((await presenceOf(join(this.repos, '.'))) !== 'folder') throw this.#unreadable('it is not a folder');
    } catch (error) {
      throw this.#explained(error);
    }
  }

  async list(reference: ModelReference, signal: AbortSignal): Promise<RepoListing> {
    try {
      const files = await listFiles(await this.#revision(reference), signal);
      return { files, totalBytes: files.reduce((sum, { size }) => sum + size, 0) };
    } catch (error) {
      throw this.#explained(error);
    }
  }

  async open(reference: ModelReference, file: RepoFile, range: ByteRange, signal: AbortSignal): Promise<OpenedFile> {
    return { start: range.start, bytes: this.#read(reference, file, range, signal) };
  }

  async *#read(
    reference: ModelReference,
    file: RepoFile,
    range: ByteRange,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    try {
      yield* readListed(await this.#revision(reference), file, range, repoName(reference), signal);
    } catch (error) {
      throw this.#explained(error);
    }
  }

  async #revision({ source = DEFAULT_SOURCE, namespace, name, revision }: ModelReference): Promise<string> {
    const repo = repoName({ source, namespace, name });
    if ((await presenceOf(join(this.repos, '.'))) !== 'folder') throw this.#unreadable('it is not a folder');
    const ofHub = source === DEFAULT_SOURCE;
    const parts = ofHub ? [namespace, name] : [source, ...namespace.split('/'), name];
    if (!parts.every((part) => PART.test(part))) throw storeErrors.REPO_NOT_FOUND({ repo });
    let folder = this.repos;
    // Each part for itself: a link in the middle would lead out of the folder just as well.
    for (const part of parts) {
      folder = join(folder, part);
      if ((await presenceOf(folder)) !== 'folder') throw storeErrors.REPO_NOT_FOUND({ repo });
    }
    const root = join(folder, revision);
    if (!REVISIONS[source]?.test(revision) || (await presenceOf(root)) !== 'folder')
      throw storeErrors.REVISION_NOT_FOUND({ repo, revision });
    return root;
  }

  /** A folder that is not mounted is no reason to refuse every miner for good. */
  #explained(error: unknown): unknown {
    return error instanceof Error && 'syscall' in error ? this.#unreadable(error.message, error) : error;
  }

  #unreadable(reason: string, cause?: unknown): Error {
    return localFilesErrors.REPOS_UNREADABLE({ repos: this.repos, reason }, cause);
  }
}
