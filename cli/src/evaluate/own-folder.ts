import { createReadStream, type Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { RepoListing } from '@assay/core/contracts/model-store';
import type { ModelReference, RepoFile, StoredModel } from '@assay/core/contracts/model';
import type { AcquirerStore } from '@assay/core/model/acquire';
import { storeErrors } from '@assay/core/model/errors';
import { sha256OfFile } from '@assay/core/model/files-intact';
import { isAbsence } from '@assay/core/model/store/folder-contents';
import { requireStorable } from '@assay/core/model/storable-files';
import { evaluateErrors } from './errors.js';

const MAX_FILES = 10_000;
const MAX_DEPTH = 8;
/** Beside the model, but never uploaded with it. */
const NOT_PUBLISHED = new Set(['.git', '.cache']);

/**
 * A folder of one's own as if it were a repo with one revision. Files are hashed where they lie, nothing is copied.
 * Links to files are followed, as in the cache of the hub's own client; links to folders are not.
 */
export class OwnFolder implements AcquirerStore {
  constructor(private readonly directory: string) {}

  /** @throws MODEL_FOLDER_UNREADABLE, TOO_MANY_FILES, FILE_NAME_REFUSED */
  async list(_reference: ModelReference, signal: AbortSignal): Promise<RepoListing> {
    const files: RepoFile[] = [];
    const walk = async (below: string, depth: number): Promise<void> => {
      signal.throwIfAborted();
      for (const { name, isFolder } of await this.#entries(below)) {
        const path = below ? `${below}/${name}` : name;
        if (isFolder && depth === MAX_DEPTH) throw storeErrors.FILE_NAME_REFUSED({ path });
        if (isFolder) await walk(path, depth + 1);
        const size = isFolder ? undefined : await this.#sizeOf(path);
        if (size !== undefined) files.push({ path, size });
        if (files.length > MAX_FILES) throw storeErrors.TOO_MANY_FILES({ limit: MAX_FILES });
      }
    };
    await walk('', 0);
    return { files, totalBytes: files.reduce((sum, { size }) => sum + size, 0) };
  }

  /** @throws FILE_TOO_LARGE, at most one byte more than allowed read */
  async read(
    _reference: ModelReference,
    { path }: RepoFile,
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const bytes = await this.#reading(async () =>
      Buffer.concat(
        (await createReadStream(join(this.directory, path), { end: maxBytes, signal }).toArray()) as Buffer[],
      ),
    );
    if (bytes.length > maxBytes)
      throw storeErrors.FILE_TOO_LARGE({ path, size: (await this.#sizeOf(path)) ?? bytes.length, limit: maxBytes });
    return bytes;
  }

  async fetch(
    reference: ModelReference,
    files: readonly RepoFile[],
    _onProgress: unknown,
    signal: AbortSignal,
  ): Promise<StoredModel> {
    requireStorable(files);
    const stored = [];
    for (const { path, size } of files)
      stored.push({ path, size, sha256: await this.#reading(() => sha256OfFile(join(this.directory, path), signal)) });
    return { reference, directory: this.directory, files: stored };
  }

  /** Nothing is stored: the files are used where they lie. */
  stored(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  discard(): Promise<void> {
    return Promise.resolve();
  }

  async #entries(below: string): Promise<{ name: string; isFolder: boolean }[]> {
    const entries: Dirent[] = await this.#reading(() => readdir(join(this.directory, below), { withFileTypes: true }));
    const published = below === '' ? entries.filter(({ name }) => !NOT_PUBLISHED.has(name)) : entries;
    return published.map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }));
  }

  /** Undefined for what is no file: a pipe, a link that leads nowhere or to a folder. */
  async #sizeOf(path: string): Promise<number | undefined> {
    return this.#reading(async () => {
      const entry = await stat(join(this.directory, path)).catch((error: unknown) => {
        if (isAbsence(error)) return undefined;
        throw error;
      });
      return entry?.isFile() ? entry.size : undefined;
    });
  }

  async #reading<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Error && 'syscall' in error)) throw error;
      throw evaluateErrors.MODEL_FOLDER_UNREADABLE({ folder: this.directory, reason: error.message }, error);
    }
  }
}
