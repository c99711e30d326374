import { journalErrors } from './errors.js';

const BYTES = 8;

/** Numbers as float64, little endian. @throws JOURNAL_VALUE_INVALID for NaN and infinities */
export function encodeNumbers(numbers: readonly number[]): Buffer {
  const content = Buffer.allocUnsafe(numbers.length * BYTES);
  for (const [index, number] of numbers.entries()) {
    if (!Number.isFinite(number)) throw journalErrors.JOURNAL_VALUE_INVALID({ reason: `it is ${number}` });
    content.writeDoubleLE(number, index * BYTES);
  }
  return content;
}

/** Undefined when the bytes are no such numbers. */
export function decodeNumbers(content: Uint8Array): number[] | undefined {
  if (content.length % BYTES !== 0) return undefined;
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const numbers = Array.from({ length: content.length / BYTES }, (_none, index) =>
    view.getFloat64(index * BYTES, true),
  );
  return numbers.every(Number.isFinite) ? numbers : undefined;
}
