import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import type { RepoFile } from '../contracts/model.js';
import { storeErrors } from './errors.js';

/** Stored content is shared between models: nobody may write to it. */
const READ_ONLY = 0o444;

/**
 * Writes a stream to a new file: exactly as many bytes as were listed, and on disk when this returns.
 * @param onBytes told after each chunk how many have come
 * @returns hex sha256 of what was received
 * @throws FILE_SIZE_DIFFERS as soon as one byte too many has come, or when the stream ends early
 */
export async function receiveFile(
  target: string,
  { path, size }: RepoFile,
  bytes: AsyncIterable<Uint8Array>,
  onBytes: (done: number) => void,
  signal: AbortSignal,
): Promise<string> {
  const hash = createHash('sha256');
  const handle = await open(target, 'wx', READ_ONLY);
  let received = 0;
  try {
    for await (const chunk of bytes) {
      signal.throwIfAborted();
      received += chunk.length;
      if (received > size) break;
      hash.update(chunk);
      await writeAll(handle, chunk);
      onBytes(received);
    }
    signal.throwIfAborted();
    if (received !== size) throw storeErrors.FILE_SIZE_DIFFERS({ path, expected: size, received });
    await handle.sync();
  } finally {
    await handle.close();
  }
  return hash.digest('hex');
}

/** One write may take less than it was given, as on a disk that is nearly full. */
async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let offset = 0; offset < chunk.length;) {
    const { bytesWritten } = await handle.write(chunk, offset);
    offset += bytesWritten;
  }
}
