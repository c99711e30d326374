import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { StoredModel } from '../contracts/model.js';

/** Whether every file of a stored model still has the content that was verified. Reads all of it. */
export async function filesIntact({ directory, files }: StoredModel, signal: AbortSignal): Promise<boolean> {
  for (const { path, sha256 } of files) {
    try {
      if ((await sha256OfFile(join(directory, path), signal)) !== sha256) return false;
    } catch (error) {
      if (signal.aborted) throw error;
      return false;
    }
  }
  return true;
}

/** Hex sha256 of a file's content. */
export async function sha256OfFile(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { signal })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
