import { mkdir, rename, rmdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isSameReference, type ModelReference, type StoredFile, type StoredModel } from '../../contracts/model.js';
import { errnoOf } from './disk-guard.js';
import type { Drafts } from './drafts.js';
import { foldersIn, statIfAny, syncFolder } from './folder-contents.js';
import { holdsExactly, MANIFEST, readManifest } from './folder-manifest.js';
import { foldersOf, referenceIn } from './reference-folders.js';

/**
 * The models of a store: `NAMESPACE/NAME/REVISION/files` holds the files of a model (real files: the runtime maps them and
 * follows no link out of the folder) and `manifest.json` beside it what they are. A model appears and goes with one rename:
 * whole or not at all, at whatever moment the process or the machine dies. There is no other index.
 */
export class ModelFolders {
  constructor(
    private readonly directory: string,
    private readonly drafts: Drafts,
  ) {}

  async prepare(): Promise<void> {
    await mkdir(this.directory, { recursive: true });
  }

  folderOf(reference: ModelReference): string {
    return join(this.directory, ...foldersOf(reference));
  }

  /** A model whose every file is there in its full size; anything less counts as absent and is fetched again. */
  async stored(reference: ModelReference): Promise<StoredModel | undefined> {
    const folder = this.folderOf(reference);
    const manifest = await readManifest(folder);
    // On a file system that folds case another model may answer to this name.
    if (!manifest || !isSameReference(manifest.reference, reference)) return undefined;
    const directory = join(folder, 'files');
    for (const { path, size } of manifest.files) {
      if ((await statIfAny(join(directory, path)))?.size !== size) return undefined;
    }
    return { reference, directory, files: manifest.files };
  }

  /** What a model's files are to be, by its manifest; none where there is no model. */
  async filesOf(reference: ModelReference): Promise<readonly StoredFile[]> {
    return (await readManifest(this.folderOf(reference)))?.files ?? [];
  }

  /** Notes that a model is used now: what was not used for longest goes first when room is short. */
  async touch(reference: ModelReference, now: number): Promise<void> {
    const manifest = join(this.folderOf(reference), MANIFEST);
    await utimes(manifest, now / 1000, now / 1000).catch((error: unknown) => {
      if (errnoOf(error) !== 'ENOENT') throw error;
    });
  }

  /** Milliseconds since 1970 at which a model was last used; undefined where there is none. */
  async usedMs(reference: ModelReference): Promise<number | undefined> {
    const folder = this.folderOf(reference);
    return ((await statIfAny(join(folder, MANIFEST))) ?? (await statIfAny(folder)))?.mtimeMs;
  }

  /** Makes a draft, whose files lie in `files`, the folder of its model. */
  async publish(draft: string, reference: ModelReference, files: readonly StoredFile[]): Promise<StoredModel> {
    await writeFile(join(draft, MANIFEST), JSON.stringify({ reference, files }), { flush: true });
    for (const path of [join(draft, 'files'), draft]) await syncFolder(path);
    const folder = this.folderOf(reference);
    // Cleaning drops parents that are empty, and another process may publish the same model: either may come in between.
    for (let attempts = 4; ; attempts -= 1) {
      await mkdir(dirname(folder), { recursive: true });
      try {
        await rename(draft, folder);
        break;
      } catch (error) {
        if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(errnoOf(error) ?? '') || attempts === 1) throw error;
        // Another process may be reading the one that is there.
        const there = await this.stored(reference);
        if (there && holdsExactly(there, files)) return there;
        await this.remove(reference);
      }
    }
    for (const path of [dirname(folder), dirname(dirname(folder)), this.directory]) await syncFolder(path);
    return { reference, directory: join(folder, 'files'), files: [...files] };
  }

  /** Out of sight with one rename, then bit by bit. */
  async remove(reference: ModelReference): Promise<void> {
    const folder = this.folderOf(reference);
    const trash = this.drafts.path();
    try {
      await rename(folder, trash);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return;
      throw error;
    }
    await this.drafts.discard(trash);
    for (const parent of [dirname(folder), dirname(dirname(folder))]) {
      await rmdir(parent).catch((error: unknown) => {
        if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(errnoOf(error) ?? '')) throw error;
      });
    }
  }

  async references(): Promise<ModelReference[]> {
    const found: ModelReference[] = [];
    for (const namespace of await foldersIn(this.directory)) {
      for (const name of await foldersIn(join(this.directory, namespace))) {
        for (const revision of await foldersIn(join(this.directory, namespace, name))) {
          const reference = referenceIn(namespace, name, revision);
          if (reference) found.push(reference);
        }
      }
    }
    return found;
  }
}
