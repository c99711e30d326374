import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { elementBytesOf } from './safetensors.js';
import type { StoredTensor } from './weights.js';

/** What is known of a tensor once all of its bytes have been read. */
export interface TensorContent {
  /** Hex sha256 of the bytes. */
  digest: string;
  /** The first element, counted in the order of the file, that is no finite number. */
  nonFinite?: { element: number; value: 'NaN' | 'infinity' };
  /** Present where there are several elements and all of them are equal. */
  constant?: true;
}

/** Whole elements of every type. */
const BLOCK_BYTES = 1024 * 1024;
const WORD_BYTES = 4;

/** Of a type, repeated through 32 bits: where the exponent lies, and what carries a full one into the sign's place. */
interface Format {
  bytes: number;
  exponent: number;
  carry: number;
  sign: number;
}

/** IEEE 754: NaN and infinity have all bits of the exponent set. */
const FORMATS: Readonly<Record<string, Format>> = {
  F32: { bytes: 4, exponent: 0x7f80_0000, carry: 0x0080_0000, sign: 0x8000_0000 },
  F16: { bytes: 2, exponent: 0x7c00_7c00, carry: 0x0400_0400, sign: 0x8000_8000 },
  BF16: { bytes: 2, exponent: 0x7f80_7f80, carry: 0x0080_0080, sign: 0x8000_8000 },
};

const DOUBLE_BYTES = 8;
/** Whole numbers: none of them is infinite. */
const WHOLE = new Set(['I64', 'I32', 'I16', 'I8', 'U8']);

/** The first element that is not finite in a block, `before` elements after the start of the tensor. */
type Scan = (block: Buffer, length: number, before: number) => TensorContent['nonFinite'];

function scanOf(dtype: string): { bytes: number; scan: Scan } {
  if (WHOLE.has(dtype)) return { bytes: 1, scan: () => undefined };
  if (dtype === 'F64') return { bytes: DOUBLE_BYTES, scan: firstBeyondFloat32 };
  const format = FORMATS[dtype];
  if (!format) throw new RangeError(`no weights are stored as ${dtype}`);
  return { bytes: format.bytes, scan: (block, length, before) => firstNonFinite(block, length, format, before) };
}

/** Reads a tensor of a type in which weights may be stored. @throws what the file system says; RangeError where the file is shorter */
export async function readTensor(handle: FileHandle, { offset, length, dtype }: StoredTensor): Promise<TensorContent> {
  const { bytes: elementBytes, scan } = scanOf(dtype);
  const digest = createHash('sha256');
  const block = Buffer.alloc(Math.min(BLOCK_BYTES, Math.ceil(length / WORD_BYTES) * WORD_BYTES));
  const width = elementBytesOf(dtype);
  const first = Buffer.alloc(width);
  let isConstant = length > width;
  let nonFinite: TensorContent['nonFinite'];
  for (let done = 0; done < length;) {
    const bytes = block.subarray(0, Math.min(block.length, length - done));
    await readWhole(handle, bytes, offset + done);
    digest.update(bytes);
    if (done === 0) bytes.copy(first);
    isConstant &&= repeats(bytes, first);
    nonFinite ??= scan(block, bytes.length, done / elementBytes);
    done += bytes.length;
  }
  return {
    digest: digest.digest('hex'),
    ...(nonFinite ? { nonFinite } : {}),
    ...(isConstant ? { constant: true } : {}),
  };
}

/** Whether a block holds nothing but copies of an element: it begins with one, and equals itself moved on by one. */
const repeats = (block: Buffer, element: Buffer): boolean =>
  block.subarray(0, element.length).equals(element) &&
  block.subarray(element.length).equals(block.subarray(0, block.length - element.length));

/** Fills a buffer from a position of a file. @throws RangeError where the file ends before */
export async function readWhole(handle: FileHandle, into: Buffer, position: number): Promise<void> {
  for (let filled = 0; filled < into.length;) {
    const { bytesRead } = await handle.read(into, filled, into.length - filled, position + filled);
    if (bytesRead === 0) throw new RangeError('the file ends before its tensors do');
    filled += bytesRead;
  }
}

/** Doubles are computed with as float32: one that is too large for it is infinite there. */
function firstBeyondFloat32(block: Buffer, length: number, before: number): TensorContent['nonFinite'] {
  const view = new DataView(block.buffer, block.byteOffset, length);
  for (let index = 0; index < length / DOUBLE_BYTES; index += 1) {
    const value = Math.fround(view.getFloat64(index * DOUBLE_BYTES, true));
    if (!Number.isFinite(value)) return { element: before + index, value: Number.isNaN(value) ? 'NaN' : 'infinity' };
  }
  return undefined;
}

/** Most blocks hold none: they are told by one pass without a branch. */
function firstNonFinite(block: Buffer, length: number, format: Format, before: number): TensorContent['nonFinite'] {
  // Behind an odd number of 16-bit elements stands what is no part of them.
  block.fill(0, length, Math.min(block.length, Math.ceil(length / WORD_BYTES) * WORD_BYTES));
  const words = new Int32Array(block.buffer, block.byteOffset, Math.ceil(length / WORD_BYTES));
  let carried = 0;
  for (let index = 0; index < words.length; index += 1)
    carried |= ((words[index] ?? 0) & format.exponent) + format.carry;
  if ((carried & format.sign) === 0) return undefined;
  const bits = format.bytes * 8;
  const exponent = format.exponent >>> (32 - bits);
  const magnitude = 2 ** (bits - 1) - 1;
  for (let index = 0; index < length / format.bytes; index += 1) {
    const element = block.readUIntLE(index * format.bytes, format.bytes);
    if ((element & exponent) === exponent)
      return { element: before + index, value: (element & magnitude) === exponent ? 'infinity' : 'NaN' };
  }
  return undefined;
}
