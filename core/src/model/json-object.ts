import { parsePythonJson, UnusableJson } from './python-json.js';

export { UnusableJson };

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * A JSON object that a miner wrote, in UTF-8 without a byte order mark, as Python's json module reads it: NaN, Infinity
 * and -Infinity are numbers. Nesting is bounded, and no prototype is reachable.
 * @throws UnusableJson
 */
export function parseJsonObject(bytes: Uint8Array): JsonObject {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new UnusableJson('it is not UTF-8', true);
  }
  const value = parsePythonJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UnusableJson('it is not a JSON object', false);
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== '__proto__'));
}
