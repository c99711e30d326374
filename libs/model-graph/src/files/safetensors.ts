import { FOREIGN_START_BYTES, foreignContent } from '@assay/core/model/foreign-content';
import { z } from 'zod';
import { modelErrors } from '../errors.js';
import { openRegularFile } from './regular-file.js';

/** Bytes of one element. The rest of the format's types are known, but no weight may have them. */
const ELEMENT_BYTES: Readonly<Record<string, number>> = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
};
/** Bytes of one element of a type. @throws RangeError for a type that the format does not have */
export function elementBytesOf(dtype: string): number {
  const bytes = Object.hasOwn(ELEMENT_BYTES, dtype) ? ELEMENT_BYTES[dtype] : undefined;
  if (bytes === undefined) throw new RangeError(`the format has no type ${dtype}`);
  return bytes;
}

/** Of all files of a model together. The format allows 100 MB a file; a model of 400 layers needs half a megabyte. */
const MAX_HEADER_BYTES = 16 * 1024 * 1024;
const MAX_TENSORS = 100_000;
const MAX_DIMENSIONS = 8;
/** Control and formatting characters, line separators, halves of characters. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
const METADATA = '__metadata__';
const LENGTH_BYTES = 8;
/** The header, a tensor's entry, its shape. */
const MAX_DEPTH = 3;
/** Of each tensor: itself, its three members, two offsets and a few dimensions. */
const MAX_VALUES = 16 * MAX_TENSORS;

export interface TensorEntry {
  name: string;
  dtype: string;
  shape: number[];
  /** Of the first byte in the file. */
  offset: number;
  /** Bytes. */
  length: number;
}

export interface SafetensorsHeader {
  tensors: TensorEntry[];
  hasMetadata: boolean;
  /** The framework that wrote the file, by its metadata. */
  format?: string;
}

/** What the headers of one model may still cost: a model may come in many files. */
export interface HeaderBudget {
  bytes: number;
  tensors: number;
}

export const headerBudget = (): HeaderBudget => ({ bytes: MAX_HEADER_BYTES, tensors: MAX_TENSORS });

/**
 * The header of a safetensors file, checked whole: sizes against the file, types, shapes, and that the tensors cover
 * the data without holes or overlaps, as the format demands. The data itself is not read.
 * @param budget what is used of it is taken off
 * @throws SAFETENSORS_MALFORMED
 */
export async function readSafetensorsHeader(
  path: string,
  file: string,
  budget: HeaderBudget = headerBudget(),
): Promise<SafetensorsHeader> {
  let foreign: string | undefined;
  const refuse = (reason: string): never => {
    throw modelErrors.SAFETENSORS_MALFORMED({ file, reason: foreign === undefined ? reason : `it is ${foreign}` });
  };
  const handle = await openRegularFile(path);
  if (!handle) return refuse('it is no regular file');
  try {
    const { size } = await handle.stat();
    const start = Buffer.alloc(Math.min(size, FOREIGN_START_BYTES));
    await handle.read(start, 0, start.length, 0);
    foreign = foreignContent(start);
    if (size < LENGTH_BYTES) refuse('it is shorter than the length of its header');
    const headerLength = start.readBigUInt64LE(0);
    if (headerLength > BigInt(budget.bytes))
      refuse(`its header claims ${headerLength} bytes; all headers of a model may have ${MAX_HEADER_BYTES}`);
    const bytes = Number(headerLength);
    budget.bytes -= bytes;
    if (LENGTH_BYTES + bytes > size) refuse(`its header claims ${bytes} bytes and the file has ${size}`);
    const header = Buffer.alloc(bytes);
    const { bytesRead } = await handle.read(header, 0, bytes, LENGTH_BYTES);
    if (bytesRead !== bytes) refuse('it ends before its header does');
    const parsed = parseHeader(header, LENGTH_BYTES + bytes, size, refuse);
    budget.tensors -= parsed.tensors.length;
    if (budget.tensors < 0) refuse(`with it the model has more than ${MAX_TENSORS} tensors`);
    return parsed;
  } finally {
    await handle.close();
  }
}

/** The header's bytes as tensors; `dataStart` and `fileSize` in bytes. */
export function parseHeader(
  header: Uint8Array,
  dataStart: number,
  fileSize: number,
  refuse: (reason: string) => never,
): SafetensorsHeader {
  const members = topLevelMembers(header, refuse);
  if (members.length > MAX_TENSORS) refuse(`it has more than ${MAX_TENSORS} tensors`);
  const metadata = members.find(([name]) => name === METADATA);
  const format = metadata && formatOf(metadata[1], refuse);
  const tensors = members
    .filter(([name]) => name !== METADATA)
    .map(([name, value]) => tensorOf(name, value, dataStart, refuse));
  requireGapless(tensors, dataStart, fileSize, refuse);
  return { tensors, hasMetadata: metadata !== undefined, ...(format === undefined ? {} : { format }) };
}

/** Name and value of each member. What is malformed or would be too much to parse is refused before it is parsed. */
function topLevelMembers(header: Uint8Array, refuse: (reason: string) => never): [string, unknown][] {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(header);
  } catch {
    return refuse('its header is not UTF-8');
  }
  if (!text.startsWith('{')) return refuse('its header is not a JSON object');
  const keys = countKeys(text, refuse);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return refuse('its header is not JSON');
  }
  if (!isObject(parsed)) return refuse('its header is not a JSON object');
  const members = Object.entries(parsed);
  // JSON.parse keeps the last of two equal names; other readers keep the first.
  const kept = members.reduce(
    (sum, [, value]) => sum + (isObject(value) ? Object.keys(value).length : 0),
    members.length,
  );
  if (kept !== keys) refuse('its header has a name twice');
  return members;
}

const Code = {
  QUOTE: 0x22,
  BACKSLASH: 0x5c,
  OPEN_OBJECT: 0x7b,
  CLOSE_OBJECT: 0x7d,
  OPEN_LIST: 0x5b,
  CLOSE_LIST: 0x5d,
  COLON: 0x3a,
  COMMA: 0x2c,
} as const;
const isDigitOrSpace = (code: number): boolean =>
  (code >= 0x30 && code <= 0x39) || code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;
const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Names before colons, in one pass that bounds what parsing would cost. The format needs strings, natural numbers,
 * objects and lists, at most three deep.
 */
function countKeys(text: string, refuse: (reason: string) => never): number {
  let depth = 0;
  let values = 0;
  let keys = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === Code.QUOTE) {
      index += 1;
      while (index < text.length && text.charCodeAt(index) !== Code.QUOTE)
        index += text.charCodeAt(index) === Code.BACKSLASH ? 2 : 1;
    } else if (code === Code.OPEN_OBJECT || code === Code.OPEN_LIST) {
      depth += 1;
      values += 1;
      if (depth > MAX_DEPTH) refuse(`its header is nested deeper than ${MAX_DEPTH}`);
    } else if (code === Code.CLOSE_OBJECT || code === Code.CLOSE_LIST) depth -= 1;
    else if (code === Code.COLON) keys += 1;
    else if (code === Code.COMMA) values += 1;
    else if (!isDigitOrSpace(code))
      refuse('its header holds something else than strings, natural numbers, objects and lists');
    if (values > MAX_VALUES) refuse(`its header holds more than ${MAX_VALUES} values`);
  }
  return keys;
}

function formatOf(value: unknown, refuse: (reason: string) => never): string | undefined {
  if (!isObject(value)) return refuse('its metadata is not a map of strings');
  const entries = Object.entries(value).map(([key, item]: [string, unknown]): [string, string] =>
    typeof item === 'string' ? [key, item] : refuse('its metadata is not a map of strings'),
  );
  return entries.find(([key]) => key === 'format')?.[1];
}

const tensorMembers = z.object({
  dtype: z.unknown().optional(),
  shape: z.unknown().optional(),
  data_offsets: z.unknown().optional(),
});
const isSize = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

function tensorOf(name: string, value: unknown, dataStart: number, refuse: (reason: string) => never): TensorEntry {
  if (name.length > 512 || UNPRINTABLE.test(name)) return refuse('a tensor has a name that no library writes');
  if (!isObject(value)) return refuse(`the entry of ${name} is not an object`);
  const { dtype, shape, data_offsets: offsets } = tensorMembers.parse(value);
  const elementBytes =
    typeof dtype === 'string' && Object.hasOwn(ELEMENT_BYTES, dtype) ? ELEMENT_BYTES[dtype] : undefined;
  if (typeof dtype !== 'string' || elementBytes === undefined) return refuse(`${name} has an unknown type`);
  if (!Array.isArray(shape) || shape.length > MAX_DIMENSIONS || !shape.every(isSize))
    return refuse(`${name} has no valid shape`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize))
    return refuse(`${name} has no valid offsets`);
  const [begin = 0, end = 0] = offsets;
  const expected = shape.reduce((product, dimension) => product * dimension, elementBytes);
  if (!Number.isSafeInteger(expected) || end - begin !== expected)
    return refuse(`${name} has ${end - begin} bytes where its shape needs ${expected}`);
  return { name, dtype, shape, offset: dataStart + begin, length: expected };
}

function requireGapless(
  tensors: readonly TensorEntry[],
  dataStart: number,
  fileSize: number,
  refuse: (reason: string) => never,
): void {
  let position = dataStart;
  for (const { name, offset, length } of [...tensors].sort((a, b) => a.offset - b.offset || a.length - b.length)) {
    if (offset !== position) refuse(`there is a hole or an overlap before ${name}`);
    position = offset + length;
  }
  if (position !== fileSize) refuse(`its tensors end at byte ${position} and the file at ${fileSize}`);
}
