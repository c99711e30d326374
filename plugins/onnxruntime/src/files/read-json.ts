import { openRegularFile } from './regular-file.js';

const MAX_DEPTH = 64;

export class UnusableJson extends Error {}

/**
 * A JSON object that a miner wrote. Bounded: size before reading, depth before parsing; no prototype is reachable.
 * @returns undefined when there is no such file
 * @throws UnusableJson
 */
export async function readJsonObject(path: string, maxBytes: number): Promise<Record<string, unknown> | undefined> {
  const bytes = await readBounded(path, maxBytes);
  return bytes === undefined ? undefined : parseJsonObject(bytes);
}

async function readBounded(path: string, maxBytes: number): Promise<Buffer | undefined> {
  const handle = await openRegularFile(path);
  if (!handle) return undefined;
  try {
    const { size } = await handle.stat();
    if (size > maxBytes) throw new UnusableJson(`it has ${size} bytes, more than ${maxBytes}`);
    const buffer = Buffer.alloc(size);
    const { bytesRead } = await handle.read(buffer, 0, size, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

export function parseJsonObject(bytes: Uint8Array): Record<string, unknown> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new UnusableJson('it is not UTF-8');
  }
  requireShallow(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UnusableJson('it is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new UnusableJson('it is not a JSON object');
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== '__proto__'));
}

/** JSON.parse recurses: depth is counted first, outside of strings. */
function requireShallow(text: string): void {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (inString) {
      if (code === 0x5c) index += 1;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      if (depth > MAX_DEPTH) throw new UnusableJson(`it is nested deeper than ${MAX_DEPTH}`);
    } else if (code === 0x7d || code === 0x5d) depth -= 1;
  }
}
