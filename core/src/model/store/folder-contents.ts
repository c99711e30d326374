import type { Dirent } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from './disk-guard.js';

/** True for errors that say that something is not there. */
export const isAbsence = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '');

export interface FileFacts {
  size: number;
  /** Bytes of the blocks that it has: fewer than its size where parts were never written. */
  onDisk: number;
  nlink: number;
  mtimeMs: number;
  /** Which content this is a name of. */
  inode: string;
}

export async function statIfAny(path: string): Promise<FileFacts | undefined> {
  try {
    const { size, blocks, nlink, mtimeMs, dev, ino } = await stat(path);
    return { size, onDisk: blocks * 512, nlink, mtimeMs, inode: `${dev}:${ino}` };
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}

/** Names of the folders in a folder; none where it is gone. */
export async function foldersIn(path: string): Promise<string[]> {
  return (await entriesIn(path)).filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** Bytes on disk of all files below some folders, while others come and go; content with several names counts once. */
export async function bytesBelow(...roots: readonly string[]): Promise<number> {
  const sizes = new Map<string, number>();
  const walk = async (folder: string): Promise<void> => {
    for (const entry of await entriesIn(folder)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) await walk(path);
      const found = entry.isFile() ? await statIfAny(path) : undefined;
      if (found) sizes.set(found.inode, Math.min(found.size, found.onDisk));
    }
  };
  for (const root of roots) await walk(root);
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

async function entriesIn(path: string): Promise<Dirent[]> {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (error) {
    if (isAbsence(error)) return [];
    throw error;
  }
}

/** A name is on disk when its folder is. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
