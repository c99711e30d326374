import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

/** Nothing there, a socket, links in a circle, a name below what is no folder. */
const NO_FILE = new Set(['ENOENT', 'ENXIO', 'ELOOP', 'ENOTDIR']);

/**
 * Opens a file for reading, never waiting: a pipe or a device under a weight's name would otherwise hold the reader.
 * @returns undefined when there is no such file, or it is none with content
 */
export async function openRegularFile(path: string): Promise<FileHandle | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (error instanceof Error && 'code' in error && NO_FILE.has(String(error.code))) return undefined;
    throw error;
  }
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  return undefined;
}
