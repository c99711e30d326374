import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { freemem } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { InspectedModel } from '../inspect.js';

const CHUNK_BYTES = 4 * 1024 * 1024;
/** Of the memory that is free: more would push out the pages of the model that is being computed. */
const SHARE = 0.5;

/**
 * Reads what a model that comes next is made of once, so that its pages are in memory when it is loaded. Nothing is
 * kept and nothing is judged: what is wrong with it shows again when it is evaluated.
 */
export async function readOnce({ weightsFolder, tensors }: InspectedModel, signal: AbortSignal): Promise<void> {
  try {
    const paths = [...new Set([...tensors.values()].map(({ file }) => join(weightsFolder, file)))];
    const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
    if (sizes.reduce((sum, size) => sum + size, 0) > freemem() * SHARE) return;
    for (const path of paths) await finished(createReadStream(path, { highWaterMark: CHUNK_BYTES, signal }).resume());
  } catch {
    // Also where it was told to stop.
  }
}
