import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoredModel } from '../contracts/model.js';
import { errnoOf } from './store/disk-guard.js';
import { storeErrors } from './errors.js';

const CHUNK_BYTES = 1024 * 1024;
/** Errors that say that this process is short of something, and nothing about the file. */
const SHORTAGES = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EACCES', 'EPERM']);

export const isShortage = (error: unknown): boolean => SHORTAGES.has(errnoOf(error) ?? '');

/**
 * Whether every file of a stored model still has the content that was verified when it was fetched. Reads every byte.
 * A file that cannot be read counts as changed.
 * @throws STORE_FAILED where the process lacks memory, file descriptors or rights
 */
export async function filesIntact({ directory, files }: StoredModel, signal: AbortSignal): Promise<boolean> {
  for (const { path, sha256 } of files) {
    try {
      if ((await sha256OfFile(join(directory, path), signal)) !== sha256) return false;
    } catch (error) {
      if (signal.aborted) throw error;
      if (isShortage(error))
        throw storeErrors.STORE_FAILED({ directory, reason: error instanceof Error ? error.message : '' }, error);
      return false;
    }
  }
  return true;
}

/**
 * What the file system knows about the files of a stored model: identity, size and times of each. The text is the same
 * later unless something has written to a file, replaced it or linked it.
 */
export async function fileStates({ directory, files }: StoredModel): Promise<string> {
  const states = files.map(async ({ path }) => {
    try {
      const { ino, size, mtimeNs, ctimeNs } = await stat(join(directory, path), { bigint: true });
      return [ino, size, mtimeNs, ctimeNs].join();
    } catch {
      return 'absent';
    }
  });
  return (await Promise.all(states)).join(' ');
}

/** Whether a file can be read and has this content. */
export async function hasContent(path: string, sha256: string, signal: AbortSignal): Promise<boolean> {
  try {
    return (await sha256OfFile(path, signal)) === sha256;
  } catch (error) {
    if (signal.aborted) throw error;
    return false;
  }
}

/** Hex sha256 of a file's content. */
export async function sha256OfFile(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { signal, highWaterMark: CHUNK_BYTES }))
    hash.update(chunk as Buffer);
  return hash.digest('hex');
}
