import { foreignContent } from './foreign-content.js';

export type JsonObject = Readonly<Record<string, unknown>>;

/** No config is nested like that, and whatever walks a value may recurse. */
const MAX_DEPTH = 64;

/** Why a document is of no use. */
export class UnusableJson extends Error {}

/**
 * A JSON object that a miner wrote, in UTF-8 without a byte order mark, as the library reads it. Depth is counted before
 * anything is parsed, and no prototype is reachable.
 * @throws UnusableJson
 */
export function parseJsonObject(bytes: Uint8Array): JsonObject {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new UnusableJson(unreadable(bytes, 'it is not UTF-8'));
  }
  requireShallow(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UnusableJson(unreadable(bytes, 'it is not JSON'));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UnusableJson('it is not a JSON object');
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== '__proto__'));
}

/** Names what the file is instead, where that can be told from its first bytes. */
function unreadable(bytes: Uint8Array, otherwise: string): string {
  const foreign = foreignContent(bytes);
  return foreign === undefined ? otherwise : `it is ${foreign}`;
}

/** Outside of strings. */
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
