import { createHash, randomUUID } from 'node:crypto';
import { constants, type Dirent } from 'node:fs';
import { copyFile, link, mkdir, open, readdir, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { FetchProgress, PruneResult, StoreUsage } from '../contracts/model-store.js';
import type { ModelReference, RepoFile, StoredModel } from '../contracts/model.js';
import { byCodePoint } from './directory-hash.js';
import { storeErrors } from './errors.js';

/** Bytes of one file, from the start; read once. */
export type OpenFile = (file: RepoFile, signal: AbortSignal) => AsyncIterable<Uint8Array>;

const manifestSchema = z.object({
  reference: z.object({ namespace: z.string(), name: z.string(), revision: z.string() }),
  files: z.array(z.object({ path: z.string(), size: z.number(), sha256: z.string() })),
});

const SAFE_PART = /^[A-Za-z0-9._-]{1,255}$/;

/**
 * Where models are kept: `blobs/SHA256` holds each content once, `models/NAMESPACE/NAME/REVISION/files` the files of a
 * model as hard links to them (real files: the runtime maps them and follows no link out of the folder), and
 * `manifest.json` beside it what they are. A model appears with one rename: whole or not at all.
 */
export class SnapshotFolder {
  private constructor(private readonly directory: string) {}

  /** Makes the folder and throws away what a killed run left half done. */
  static async open(directory: string): Promise<SnapshotFolder> {
    const folder = new SnapshotFolder(directory);
    await folder.#guard(async () => {
      for (const name of ['blobs', 'models']) await mkdir(join(directory, name), { recursive: true });
      await rm(join(directory, 'drafts'), { recursive: true, force: true });
      await mkdir(join(directory, 'drafts'));
    });
    return folder;
  }

  async stored(reference: ModelReference): Promise<StoredModel | undefined> {
    const folder = this.#folderOf(reference);
    let text: string;
    try {
      text = await readFile(join(folder, 'manifest.json'), 'utf8');
    } catch {
      return undefined;
    }
    const { files } = manifestSchema.parse(JSON.parse(text));
    const directory = join(folder, 'files');
    for (const { path, size } of files) {
      const found = await stat(join(directory, path)).catch(() => undefined);
      if (found?.size !== size) return undefined;
    }
    return { reference, directory, files };
  }

  /** Streams the files in, hashing them on the way, and publishes the model when all are there. */
  async add(
    reference: ModelReference,
    files: readonly RepoFile[],
    source: OpenFile,
    onProgress: (progress: FetchProgress) => void,
    signal: AbortSignal,
  ): Promise<StoredModel> {
    requireStorable(files);
    const draft = join(this.directory, 'drafts', randomUUID());
    return this.#guard(async () => {
      try {
        return await this.#assemble(draft, reference, files, source, onProgress, signal);
      } finally {
        await rm(draft, { recursive: true, force: true });
      }
    });
  }

  async usage(): Promise<StoreUsage> {
    return this.#guard(async () => {
      const blobs = await readdir(join(this.directory, 'blobs'));
      const sizes = await Promise.all(blobs.map(async (name) => (await stat(join(this.directory, 'blobs', name))).size));
      const { bavail, bsize } = await statfs(this.directory);
      return { models: (await this.#models()).length, bytes: sizes.reduce((sum, size) => sum + size, 0), freeBytes: bavail * bsize };
    });
  }

  async prune(keep: readonly ModelReference[], graceMs: number, now: number, signal: AbortSignal): Promise<PruneResult> {
    const kept = new Set(keep.map((reference) => this.#folderOf(reference)));
    return this.#guard(async () => {
      const removed: ModelReference[] = [];
      for (const reference of await this.#models()) {
        signal.throwIfAborted();
        const folder = this.#folderOf(reference);
        const { mtimeMs } = await stat(join(folder, 'manifest.json'));
        if (kept.has(folder) || now - mtimeMs < graceMs) continue;
        await rm(folder, { recursive: true, force: true });
        removed.push(reference);
      }
      return { removed, freedBytes: await this.#dropUnlinkedBlobs() };
    });
  }

  async #assemble(
    draft: string,
    reference: ModelReference,
    files: readonly RepoFile[],
    source: OpenFile,
    onProgress: (progress: FetchProgress) => void,
    signal: AbortSignal,
  ): Promise<StoredModel> {
    await mkdir(join(draft, 'files'), { recursive: true });
    const total = files.reduce((sum, { size }) => sum + size, 0);
    let before = 0;
    const stored: StoredModel['files'] = [];
    for (const file of files) {
      const tell = (done: number): void => {
        onProgress({ path: file.path, done: before + done, total });
      };
      const temporary = join(draft, 'incoming');
      const sha256 = await receive(temporary, file, () => source(file, signal), tell, signal);
      await this.#place(temporary, sha256, join(draft, 'files', file.path));
      stored.push({ ...file, sha256 });
      before += file.size;
    }
    stored.sort((a, b) => byCodePoint(a.path, b.path));
    await writeFile(join(draft, 'manifest.json'), JSON.stringify({ reference, files: stored }), { flush: true });
    const folder = this.#folderOf(reference);
    await mkdir(dirname(folder), { recursive: true });
    await rm(folder, { recursive: true, force: true });
    await rename(draft, folder);
    return { reference, directory: join(folder, 'files'), files: stored };
  }

  /** The content under its hash, once, and a link to it at `target`. */
  async #place(temporary: string, sha256: string, target: string): Promise<void> {
    const blob = join(this.directory, 'blobs', sha256);
    if (await stat(blob).catch(() => undefined)) await rm(temporary);
    else await rename(temporary, blob);
    await mkdir(dirname(target), { recursive: true });
    try {
      await link(blob, target);
    } catch {
      // File systems without hard links hold the content twice.
      await copyFile(blob, target, constants.COPYFILE_FICLONE);
    }
  }

  async #dropUnlinkedBlobs(): Promise<number> {
    let freed = 0;
    for (const name of await readdir(join(this.directory, 'blobs'))) {
      const path = join(this.directory, 'blobs', name);
      const { nlink, size } = await stat(path);
      if (nlink > 1) continue;
      await rm(path);
      freed += size;
    }
    return freed;
  }

  async #models(): Promise<ModelReference[]> {
    const root = join(this.directory, 'models');
    const found: ModelReference[] = [];
    const folders = async (path: string): Promise<string[]> =>
      (await readdir(path, { withFileTypes: true })).filter((entry: Dirent) => entry.isDirectory()).map(({ name }) => name);
    for (const namespace of await folders(root)) {
      for (const name of await folders(join(root, namespace))) {
        for (const revision of await folders(join(root, namespace, name))) found.push({ namespace, name, revision });
      }
    }
    return found;
  }

  #folderOf({ namespace, name, revision }: ModelReference): string {
    for (const part of [namespace, name, revision]) {
      if (!SAFE_PART.test(part) || part === '.' || part === '..') throw storeErrors.FILE_NAME_REFUSED({ path: part });
    }
    return join(this.directory, 'models', namespace, name, revision);
  }

  /** Trouble with the disk is the validator's, never the miner's. */
  async #guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'ENOSPC' || code === 'EDQUOT') throw storeErrors.STORE_FULL({ directory: this.directory }, error);
      if (typeof code === 'string' && /^E[A-Z]+$/.test(code) && error instanceof Error && 'syscall' in error) {
        throw storeErrors.STORE_FAILED({ directory: this.directory, reason: error.message }, error);
      }
      throw error;
    }
  }
}

/** @returns hex sha256 of what was received: exactly as many bytes as were listed, on disk */
async function receive(
  target: string,
  file: RepoFile,
  // Opened only when it is read: a stream that fails while nobody listens ends the whole process.
  source: () => AsyncIterable<Uint8Array>,
  onBytes: (done: number) => void,
  signal: AbortSignal,
): Promise<string> {
  const hash = createHash('sha256');
  const handle = await open(target, 'w');
  let received = 0;
  const differs = (): Error => storeErrors.FILE_SIZE_DIFFERS({ path: file.path, expected: file.size, received });
  try {
    for await (const chunk of source()) {
      signal.throwIfAborted();
      received += chunk.length;
      if (received > file.size) throw differs();
      hash.update(chunk);
      await handle.write(chunk);
      onBytes(received);
    }
    if (received !== file.size) throw differs();
    await handle.sync();
  } finally {
    await handle.close();
  }
  return hash.digest('hex');
}

/** Relative paths of plain parts, each distinct even where case is not. */
export function requireStorable(files: readonly RepoFile[]): void {
  const seen = new Set<string>();
  for (const { path } of files) {
    const parts = path.split('/');
    const plain = parts.length <= 8 && parts.every((part) => SAFE_PART.test(part) && !part.startsWith('..') && part !== '.');
    if (!plain || seen.has(path.toLowerCase())) throw storeErrors.FILE_NAME_REFUSED({ path });
    seen.add(path.toLowerCase());
  }
}
