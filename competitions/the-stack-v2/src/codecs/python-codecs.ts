import type { Decode } from './decode.js';
import { SEVEN_BIT } from './seven-bit.js';
import { UNICODE } from './unicode.js';
import { python, tableOf } from './unit-table.js';

/**
 * Python's `bytes.decode`, strictly: the same names, the same characters, and refusals where Python refuses.
 * @returns undefined for an encoding that Python does not know, or one that is too rare for its tables (Johab, JIS X 0213)
 */
export function pythonDecoder(encoding: string): Decode | undefined {
  const codec = codecOf(encoding);
  return codec === undefined
    ? undefined
    : (UNICODE[codec] ?? SEVEN_BIT[codec] ?? ((bytes) => tableOf(codec).decode(bytes)));
}

/** As Python finds a codec: case and punctuation do not matter. */
function codecOf(encoding: string): string | undefined {
  const name = encoding
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, '_')
    .replace(/^_|_$/g, '');
  const { aliases, codecs } = python();
  const codec = aliases[name] ?? aliases[name.replaceAll('.', '_')] ?? name;
  return [codecs, UNICODE, SEVEN_BIT].some((known) => Object.hasOwn(known, codec)) ? codec : undefined;
}
