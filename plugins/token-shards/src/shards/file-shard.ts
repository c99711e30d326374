import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { breathe } from '@assay/core/datasets/breathe';
import type { OpenShard, Span } from '../draw/shard.js';
import { shardErrors } from '../errors.js';
import { HEADER_BYTES, readNpyHeader, type NpyHeader } from '../npy/header.js';
import { ReadPlan } from './ranges.js';

const HASHED_AT_ONCE = 1024 ** 2;

/** Opens a file, which stays the same one until it is closed. @throws SHARD_MISSING */
async function openFile(shard: string, path: string): Promise<FileHandle> {
  try {
    const file = await open(path, 'r');
    if ((await file.stat()).isFile()) return file;
    await file.close();
    throw shardErrors.SHARD_MISSING({ shard, reason: 'it is no file' });
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    throw shardErrors.SHARD_MISSING({ shard, reason: error.message }, error);
  }
}

/** A shard in a file of this machine. */
export class FileShard implements OpenShard {
  private constructor(
    private readonly shard: string,
    private readonly file: FileHandle,
    /** Size and time of the last change. */
    private readonly version: string,
    readonly header: NpyHeader,
  ) {}

  /** Takes the file over, and closes it where it is no shard. @throws SHARD_MALFORMED */
  static async over(shard: string, file: FileHandle): Promise<FileShard> {
    try {
      const { size } = await file.stat();
      const start = await bytesAt(file, 0, Math.min(size, HEADER_BYTES));
      return new FileShard(shard, file, await versionOf(file), readNpyHeader(shard, start, size));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async read(sequences: readonly (readonly Span[])[], signal: AbortSignal): Promise<Uint32Array[]> {
    const plan = new ReadPlan(sequences);
    for (const range of plan.ranges) {
      signal.throwIfAborted();
      const bytes = await bytesAt(this.file, this.header.dataAt + range.start, range.end - range.start);
      if (bytes.length < range.end - range.start) throw shardErrors.SHARD_CHANGED({ shard: this.shard });
      plan.fill(range, bytes);
      await breathe(signal);
    }
    if ((await versionOf(this.file)) !== this.version) throw shardErrors.SHARD_CHANGED({ shard: this.shard });
    return plan.rows();
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

async function versionOf(file: FileHandle): Promise<string> {
  const { size, mtimeNs } = await file.stat({ bigint: true });
  return `${size} ${mtimeNs}`;
}

/** Fewer bytes where the file ends. */
async function bytesAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

/** sha256 of a whole file. */
export async function fileDigest(file: FileHandle, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for (let position = 0; ;) {
    const bytes = await bytesAt(file, position, HASHED_AT_ONCE);
    if (bytes.length === 0) return hash.digest('hex');
    hash.update(bytes);
    position += bytes.length;
    signal.throwIfAborted();
  }
}

/** Hashes of files that have been verified, by path and version. */
const verified = new Map<string, string>();

/**
 * Opens a shard of a folder; where the manifest gives a hash, the whole file is hashed, once for each version of it.
 * @throws SHARD_MISSING, SHARD_DAMAGED, SHARD_MALFORMED
 */
export async function openFileShard(
  shard: string,
  path: string,
  sha256: string | undefined,
  signal: AbortSignal,
): Promise<FileShard> {
  const file = await openFile(shard, path);
  try {
    if (sha256 !== undefined) await requireDigest(shard, path, file, sha256, signal);
  } catch (error) {
    await file.close();
    throw error;
  }
  return FileShard.over(shard, file);
}

async function requireDigest(
  shard: string,
  path: string,
  file: FileHandle,
  expected: string,
  signal: AbortSignal,
): Promise<void> {
  const key = `${path} ${await versionOf(file)}`;
  const found = verified.get(key) ?? (await fileDigest(file, signal));
  verified.set(key, found);
  if (found !== expected) throw shardErrors.SHARD_DAMAGED({ shard, expected, found });
}
