import { join } from 'node:path';
import type { PruneResult } from '../../contracts/model-store.js';
import type { ModelReference } from '../../contracts/model.js';
import { sha256OfFile } from '../files-intact.js';
import { diskGuard } from './disk-guard.js';
import { bytesBelow, statIfAny } from './folder-contents.js';
import { holdKey, type HoldReason } from './holds.js';
import type { StoreFolder } from './store-folder.js';

/** A model of a store. */
export interface ListedModel {
  reference: ModelReference;
  files: number;
  /** Bytes of its files. */
  bytes: number;
  /** Of these, what no other model has. */
  ownBytes: number;
  /** Milliseconds since 1970. */
  usedMs: number;
  /** Why it must stay; none where it may go. */
  held: HoldReason[];
  /** Whether every file is there in its full size. */
  whole: boolean;
}

/** Models of a store, in the order of their names. */
export async function listModels(folder: StoreFolder): Promise<ListedModel[]> {
  return diskGuard(folder.directory, async () => {
    const held = await folder.held();
    const references = await folder.models.references();
    const files = await Promise.all(references.map((reference) => folder.models.filesOf(reference)));
    const owners = new Map<string, number>();
    for (const sha256 of files.flatMap((of) => [...new Set(of.map((file) => file.sha256))]))
      owners.set(sha256, (owners.get(sha256) ?? 0) + 1);
    const listed: ListedModel[] = [];
    for (const [index, reference] of references.entries()) {
      const own = files[index] ?? [];
      listed.push({
        reference,
        files: own.length,
        bytes: own.reduce((sum, { size }) => sum + size, 0),
        ownBytes: own.reduce((sum, { size, sha256 }) => sum + (owners.get(sha256) === 1 ? size : 0), 0),
        usedMs: (await folder.models.usedMs(reference)) ?? 0,
        held: [...(held.get(holdKey(reference)) ?? [])].sort(),
        whole: (await folder.models.stored(reference)) !== undefined,
      });
    }
    return listed;
  });
}

interface StoreSizes {
  models: number;
  /** Bytes that the models would take if each had files of its own. */
  modelBytes: number;
  /** Bytes on disk of models, of contents that no model has, of what is being received and of what is being put together. */
  storedBytes: number;
  looseBytes: number;
  partialBytes: number;
  draftBytes: number;
  /** Bytes that may still come, by maxBytes and minFreeBytes. */
  freeBytes: number;
}

export async function sizesOf(folder: StoreFolder): Promise<StoreSizes> {
  return diskGuard(folder.directory, async () => {
    const models = await listModels(folder);
    const loose = (await folder.looseContents()).reduce((sum, { size }) => sum + size, 0);
    const below = (part: string): Promise<number> => bytesBelow(join(folder.directory, part));
    return {
      models: models.length,
      modelBytes: models.reduce((sum, { bytes }) => sum + bytes, 0),
      storedBytes: (await bytesBelow(...['blobs', 'models'].map((part) => join(folder.directory, part)))) - loose,
      looseBytes: loose,
      partialBytes: await below('partials'),
      draftBytes: await below('drafts'),
      freeBytes: await folder.room.free(),
    };
  });
}

interface DamagedFile {
  reference: ModelReference;
  path: string;
  reason: 'missing' | 'another size' | 'another content';
}

/**
 * Hashes every file of every model; a content that several models share is read once.
 * @param onFile told before each file: bytes so far, and in all
 */
export async function verifyModels(
  folder: StoreFolder,
  onFile: (done: number, total: number) => void,
  signal: AbortSignal,
): Promise<DamagedFile[]> {
  const references = await folder.models.references();
  const all = await Promise.all(
    references.map(async (reference) => ({ reference, files: await folder.models.filesOf(reference) })),
  );
  const total = all.flatMap(({ files }) => files).reduce((sum, { size }) => sum + size, 0);
  /** Digests by what the file system says of a file. */
  const known = new Map<string, string>();
  const damaged: DamagedFile[] = [];
  let done = 0;
  for (const { reference, files } of all) {
    for (const { path, size, sha256 } of files) {
      onFile(done, total);
      const file = join(folder.models.folderOf(reference), 'files', path);
      const reason = await damageOf(file, { size, sha256 }, known, signal);
      if (reason) damaged.push({ reference, path, reason });
      done += size;
    }
  }
  return damaged;
}

async function damageOf(
  file: string,
  { size, sha256 }: { size: number; sha256: string },
  known: Map<string, string>,
  signal: AbortSignal,
): Promise<DamagedFile['reason'] | undefined> {
  const facts = await statIfAny(file);
  if (!facts) return 'missing';
  if (facts.size !== size) return 'another size';
  const state = `${facts.inode} ${facts.mtimeMs}`;
  const digest = known.get(state) ?? (await sha256OfFile(file, signal).catch(() => 'unreadable'));
  signal.throwIfAborted();
  known.set(state, digest);
  return digest === sha256 ? undefined : 'another content';
}

interface Garbage {
  /** Contents that no model has, and their bytes. */
  contents: number;
  contentBytes: number;
  /** Partial files that no process works at, and their bytes. */
  partials: number;
  partialBytes: number;
}

/**
 * Removes contents that no model has and partial files that no process works at.
 * @param olderThanMs those that changed later than this before now stay: a fetch may be about to use them
 * @param dryRun removes nothing
 */
export async function collectGarbage(
  folder: StoreFolder,
  { olderThanMs, dryRun, now }: { olderThanMs: number; dryRun: boolean; now: number },
): Promise<Garbage> {
  return diskGuard(folder.directory, async () => {
    const contents = (await folder.looseContents()).filter(({ ageMs }) => ageMs >= olderThanMs);
    const partials = (await folder.partials.left()).filter(({ changedMs }) => now - changedMs >= olderThanMs);
    const garbage = {
      contents: contents.length,
      contentBytes: contents.reduce((sum, { size }) => sum + size, 0),
      partials: partials.length,
      partialBytes: partials.reduce((sum, { size }) => sum + size, 0),
    };
    if (dryRun) return garbage;
    for (const { sha256 } of contents) await folder.contents.dropIfLoose(sha256);
    for (const partial of partials) await folder.partials.drop(partial);
    return garbage;
  });
}

/** What `prune` would do. */
export async function wouldPrune(folder: StoreFolder, graceMs: number): Promise<PruneResult> {
  return diskGuard(folder.directory, async () => {
    const removable = await folder.removableModels();
    const removed = removable.flatMap(({ reference, ageMs }) => (ageMs >= graceMs ? [reference] : []));
    const going = new Set(removed.map(holdKey));
    const staying = new Set<string>();
    const freed = new Map<string, number>();
    for (const reference of await folder.models.references()) {
      for (const { sha256, size } of await folder.models.filesOf(reference)) {
        if (going.has(holdKey(reference))) freed.set(sha256, size);
        else staying.add(sha256);
      }
    }
    for (const { sha256, size, ageMs } of await folder.looseContents()) if (ageMs >= graceMs) freed.set(sha256, size);
    const freedBytes = [...freed].reduce((sum, [sha256, size]) => sum + (staying.has(sha256) ? 0 : size), 0);
    return { removed, freedBytes };
  });
}
