import { createHash } from 'node:crypto';
import { breathe } from '@assay/core/datasets/breathe';

/** sha256 over all tokens as 64-bit integers, little endian, in order: the number that validators of subnet 3 compare. */
export async function tokensDigest(rows: readonly Uint32Array[], signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for (const ids of rows) {
    hash.update(asInt64(ids));
    await breathe(signal);
  }
  return hash.digest('hex');
}

function asInt64(ids: Uint32Array): Buffer {
  const bytes = Buffer.alloc(ids.length * 8);
  for (let index = 0; index < ids.length; index += 1) bytes.writeUInt32LE(ids[index] ?? 0, index * 8);
  return bytes;
}
