import { constants, type Dirent } from 'node:fs';
import { lstat, open, readdir, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { RepoFile } from '@assay/core/contracts/model';
import type { ByteRange } from '@assay/core/contracts/model-store';
import { storeErrors } from '@assay/core/model/errors';

const MAX_FILES = 10_000;
const MAX_DEPTH = 8;
const CHUNK = 1 << 20;
/** A link is not followed and a pipe not waited for, whatever the file has become since it was listed. */
const PLAIN = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

type Presence = 'folder' | 'absent' | 'other';

export async function presenceOf(path: string): Promise<Presence> {
  try {
    return (await lstat(path)).isDirectory() ? 'folder' : 'other';
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') return 'absent';
    throw error;
  }
}

/** Every file below, in the order of the folder. Plain ones only: a link could lead anywhere, and the hub serves none. */
export async function listFiles(root: string, signal: AbortSignal): Promise<RepoFile[]> {
  const files: RepoFile[] = [];
  const walk = async (below: string, depth: number): Promise<void> => {
    signal.throwIfAborted();
    const entries: Dirent[] = await readdir(join(root, below), { withFileTypes: true });
    for (const entry of entries) {
      const path = below ? `${below}/${entry.name}` : entry.name;
      if (entry.isDirectory() && depth < MAX_DEPTH) await walk(path, depth + 1);
      else if (entry.isFile()) files.push({ path, size: (await lstat(join(root, path))).size });
      else throw storeErrors.FILE_NAME_REFUSED({ path });
      if (files.length > MAX_FILES) throw storeErrors.TOO_MANY_FILES({ limit: MAX_FILES });
    }
  };
  await walk('', 0);
  return files;
}

/**
 * A range of bytes of a file that `listFiles` would list.
 * @param repo how an error names it
 * @throws FILE_NOT_FOUND, FILE_NAME_REFUSED, FILE_SIZE_DIFFERS
 */
export async function* readListed(
  root: string,
  { path, size }: RepoFile,
  { start, end }: ByteRange,
  repo: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  await requireListed(root, path, repo);
  const handle = await openPlain(join(root, path), path);
  try {
    const { size: received } = await handle.stat();
    if (received !== size) throw storeErrors.FILE_SIZE_DIFFERS({ path, expected: size, received });
    for (let at = start; at < end;) {
      signal.throwIfAborted();
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK, end - at));
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, at);
      if (bytesRead === 0) return;
      yield chunk.subarray(0, bytesRead);
      at += bytesRead;
    }
  } finally {
    await handle.close();
  }
}

/** Each folder on the way for itself: a link would lead out of the repo. */
async function requireListed(root: string, path: string, repo: string): Promise<void> {
  const parts = path.split('/');
  let at = root;
  for (const [index, part] of parts.entries()) {
    at = join(at, part);
    const wanted = index === parts.length - 1 ? 'other' : 'folder';
    if (/^\.{0,2}$|\0/.test(part) || (await presenceOf(at)) !== wanted)
      throw storeErrors.FILE_NOT_FOUND({ repo, path });
  }
}

async function openPlain(file: string, path: string): Promise<FileHandle> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, PLAIN);
    if ((await handle.stat()).isFile()) return handle;
  } catch (error) {
    await handle?.close();
    if (!(error instanceof Error && 'code' in error && error.code === 'ELOOP')) throw error;
    throw storeErrors.FILE_NAME_REFUSED({ path }, error);
  }
  await handle.close();
  throw storeErrors.FILE_NAME_REFUSED({ path });
}
