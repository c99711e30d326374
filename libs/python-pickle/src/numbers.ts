import type { Cursor } from './cursor.js';

/** Ints of more bytes do not occur: uids, blocks and magic numbers are smaller. */
const LONGEST_INT = 32;

/** Bytes that a number holds exactly. */
const SHORT_INT = 6;

/** Two's complement, little-endian, of any length up to 32 bytes. */
export function littleEndianInt(cursor: Cursor, length: number): bigint {
  if (length > LONGEST_INT) throw cursor.malformed(`an int has ${length} bytes`);
  if (length === 0) return 0n;
  const bytes = cursor.take(length);
  if (length <= SHORT_INT) return BigInt(bytes.readIntLE(0, length));
  const magnitude = BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
  return BigInt.asIntN(length * 8, magnitude);
}

export function decimalInt(cursor: Cursor, text: string): bigint {
  if (!/^-?\d{1,40}$/.test(text)) throw cursor.malformed('a decimal int is malformed');
  return BigInt(text);
}

const SPELLED: ReadonlyMap<string, number> = new Map([
  ['inf', Infinity],
  ['-inf', -Infinity],
  ['nan', NaN],
]);

export function decimalFloat(cursor: Cursor, text: string): number {
  const spelled = SPELLED.get(text);
  if (spelled !== undefined) return spelled;
  if (!/^-?\d{1,400}(\.\d{0,400})?(e[+-]?\d{1,4})?$/.test(text)) throw cursor.malformed('a decimal float is malformed');
  return Number(text);
}

const ESCAPED = /\\(?:u([0-9a-fA-F]{4})|U(00(?:0[0-9a-fA-F]|10)[0-9a-fA-F]{4}))/g;

/** Protocol 0 writes text in latin-1, with `\uXXXX` and `\UXXXXXXXX` for the rest. */
export const rawUnicode = (text: string): string =>
  text.replace(ESCAPED, (_all, short: string | undefined, long: string | undefined) =>
    String.fromCodePoint(parseInt(short ?? long ?? '', 16)),
  );
