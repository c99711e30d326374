import { parseJsonDocument, UnusableJson, type JsonDocument, type JsonObject } from '@assay/core/model/json-object';
import { openRegularFile } from './regular-file.js';

/** @throws UnusableJson */
export const readJsonObject = async (path: string, maxBytes: number): Promise<JsonObject | undefined> =>
  (await readJsonDocument(path, maxBytes))?.object;

/**
 * A JSON object that a miner wrote. Bounded: size before reading, depth while parsing.
 * @returns undefined when there is no such file
 * @throws UnusableJson
 */
export async function readJsonDocument(path: string, maxBytes: number): Promise<JsonDocument | undefined> {
  const bytes = await readBounded(path, maxBytes);
  return bytes === undefined ? undefined : parseJsonDocument(bytes);
}

async function readBounded(path: string, maxBytes: number): Promise<Buffer | undefined> {
  const handle = await openRegularFile(path);
  if (!handle) return undefined;
  try {
    const { size } = await handle.stat();
    if (size > maxBytes) throw new UnusableJson(`it has ${size} bytes, more than ${maxBytes}`, false);
    const buffer = Buffer.alloc(size);
    const { bytesRead } = await handle.read(buffer, 0, size, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
