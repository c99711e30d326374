import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { pythonDecoder } from './codecs/python-codecs.js';

const unpack = promisify(gunzip);
/** Unpacked; a gzip of a kilobyte may claim to hold a gigabyte. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * A stored blob as text: gunzipped, then decoded as Python's `bytes.decode(encoding)` does, strictly.
 * @throws Error that says in words why not
 */
export async function sourceText(blob: Buffer, encoding: string): Promise<string> {
  return decoded(await unpacked(blob), encoding);
}

async function unpacked(blob: Buffer): Promise<Buffer> {
  try {
    return await unpack(blob, { maxOutputLength: MAX_BYTES });
  } catch (error) {
    throw new Error(`its content is no whole gzip (${error instanceof Error ? error.message : String(error)})`);
  }
}

export function decoded(bytes: Buffer, encoding: string): string {
  const decode = pythonDecoder(encoding);
  if (!decode) throw new Error(`its encoding is ${printable(encoding)}, which nobody here knows`);
  const text = decode(bytes);
  if (text === undefined) throw new Error(`its content is no ${printable(encoding)}`);
  return text;
}

const printable = (name: string): string => name.replace(/[^\w.:-]/g, '?').slice(0, 40);
