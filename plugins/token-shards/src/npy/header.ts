import { shardErrors } from '../errors.js';

/** What the header of a .npy file says. */
export interface NpyHeader {
  /** Of uint32 values: one or two dimensions. */
  shape: readonly number[];
  /** First byte of the data. */
  dataAt: number;
}

export const BYTES_PER_TOKEN = 4;
/** Bytes from the start of a file that hold every header which is read: numpy writes 128. */
export const HEADER_BYTES = 4096;
const MAGIC = Buffer.from('\x93NUMPY', 'latin1');
/** Where a header begins, by its major version: after magic, version and a length of two or four bytes. */
const BEGINS_AT: Readonly<Record<number, number>> = { 1: 10, 2: 12, 3: 12 };

const KEY = /^\s*'(descr|fortran_order|shape)'\s*:\s*/;
const VALUES: Readonly<Record<string, RegExp>> = {
  descr: /^'([^'\\]{1,32})'\s*(?:,|(?=\}))/,
  fortran_order: /^(True|False)\s*(?:,|(?=\}))/,
  shape: /^\(([\d\s,L]{0,200})\)\s*(?:,|(?=\}))/,
};

/**
 * Reads a header of version 1, 2 or 3 as what it is: a dictionary of three known members, never as Python. Only little-endian
 * uint32 in C order is taken.
 *
 * @param start the first HEADER_BYTES of the file, or all of it
 * @param size bytes of the whole file
 * @throws SHARD_MALFORMED
 */
export function readNpyHeader(shard: string, start: Buffer, size: number): NpyHeader {
  const malformed = (reason: string): Error => shardErrors.SHARD_MALFORMED({ shard, reason });
  const { text, dataAt } = headerText(start, malformed);
  const { descr, fortran_order: order, shape: dimensions } = membersOf(text, malformed);
  if (descr !== '<u4') throw malformed(`its values are ${descr}, and not <u4 (little-endian uint32)`);
  if (order !== 'False') throw malformed('its values are in Fortran order');
  const shape = shapeOf(dimensions, malformed);
  const bytes = shape.reduce((product, dimension) => product * dimension, BYTES_PER_TOKEN);
  if (bytes !== size - dataAt)
    throw malformed(`its header states ${bytes} bytes of data, and ${size - dataAt} follow it`);
  return { shape, dataAt };
}

type Malformed = (reason: string) => Error;

function headerText(start: Buffer, malformed: Malformed): { text: string; dataAt: number } {
  if (!start.subarray(0, MAGIC.length).equals(MAGIC)) throw malformed('it is no .npy file');
  const version = start[MAGIC.length] ?? 0;
  const at = BEGINS_AT[version];
  if (at === undefined || start.length < at) throw malformed(`it has version ${version} of the format`);
  const length = at === 10 ? start.readUInt16LE(8) : start.readUInt32LE(8);
  const dataAt = at + length;
  if (dataAt > HEADER_BYTES) throw malformed(`its header has ${length} bytes`);
  if (dataAt > start.length) throw malformed('it ends within its header');
  return { text: start.subarray(at, dataAt).toString(version === 3 ? 'utf8' : 'latin1'), dataAt };
}

function membersOf(text: string, malformed: Malformed): Record<'descr' | 'fortran_order' | 'shape', string> {
  const body = text.trim();
  const found: Partial<Record<string, string>> = {};
  if (!body.startsWith('{')) throw malformed('its header is no dictionary');
  let rest = body.slice(1);
  while (!/^\s*\}$/.test(rest)) {
    const [key = '', name = ''] = KEY.exec(rest) ?? [];
    const value = VALUES[name]?.exec(rest.slice(key.length));
    if (!value || found[name] !== undefined) throw malformed('its header is not that of a plain array');
    found[name] = value[1] ?? '';
    rest = rest.slice(key.length + value[0].length);
  }
  const { descr, fortran_order, shape } = found;
  if (descr === undefined || fortran_order === undefined || shape === undefined)
    throw malformed('its header lacks descr, fortran_order or shape');
  return { descr, fortran_order, shape };
}

function shapeOf(text: string, malformed: Malformed): number[] {
  // Python 2 wrote an L after large integers; a tuple of one ends with a comma.
  const parts = text
    .trim()
    .replace(/,$/, '')
    .split(',')
    .map((part) => /^\s*(\d{1,15})L?\s*$/.exec(part)?.[1]);
  const shape = parts.map(Number);
  if (shape.length > 2 || !shape.every(Number.isSafeInteger))
    throw malformed(`its shape is (${text}), and not of one or two dimensions`);
  return shape;
}
