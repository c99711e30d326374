import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { StoredModel } from '../contracts/model.js';

/** Whether every file of a stored model still has the content that was verified. Reads all of it. */
export async function filesIntact({ directory, files }: StoredModel, signal: AbortSignal): Promise<boolean> {
  for (const { path, sha256 } of files) {
    const hash = createHash('sha256');
    try {
      for await (const chunk of createReadStream(join(directory, path), { signal })) hash.update(chunk as Buffer);
    } catch (error) {
      if (signal.aborted) throw error;
      return false;
    }
    if (hash.digest('hex') !== sha256) return false;
  }
  return true;
}
