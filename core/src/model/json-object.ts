import { foreignContent } from './foreign-content.js';
import { parsePythonJson, UnusableJson, type PythonDocument } from './python-json.js';

export { UnusableJson };

export type JsonObject = Readonly<Record<string, unknown>>;

export interface JsonDocument {
  object: JsonObject;
  /** Keys whose value is a number that Python reads as a float: 2.0 is one, 2 is not. */
  floats: ReadonlySet<string>;
}

/** @throws UnusableJson */
export const parseJsonObject = (bytes: Uint8Array): JsonObject => parseJsonDocument(bytes).object;

/**
 * A JSON object that a miner wrote, in UTF-8 without a byte order mark, as Python's json module reads it: NaN, Infinity
 * and -Infinity are numbers. Nesting is bounded, and no prototype is reachable.
 * @throws UnusableJson
 */
export function parseJsonDocument(bytes: Uint8Array): JsonDocument {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw named(bytes, new UnusableJson('it is not UTF-8', true));
  }
  const { value, floats } = parsed(bytes, text);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UnusableJson('it is not a JSON object', false);
  return { object: Object.fromEntries(Object.entries(value).filter(([key]) => key !== '__proto__')), floats };
}

function parsed(bytes: Uint8Array, text: string): PythonDocument {
  try {
    return parsePythonJson(text);
  } catch (error) {
    throw error instanceof UnusableJson ? named(bytes, error) : error;
  }
}

/** Says what a malformed document is instead, where that is recognised from its first bytes. */
function named(bytes: Uint8Array, error: UnusableJson): UnusableJson {
  const foreign = error.isMalformed ? foreignContent(bytes) : undefined;
  return foreign === undefined ? error : new UnusableJson(`it is ${foreign}`, true);
}
