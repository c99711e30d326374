import { journalErrors } from './errors.js';

const BYTES = 8;

/** Numbers as float64, little endian. @throws JOURNAL_VALUE_INVALID for what is no list of finite numbers */
export function encodeNumbers(numbers: unknown): Buffer {
  if (!Array.isArray(numbers)) throw journalErrors.JOURNAL_VALUE_INVALID({ reason: 'it is no list of numbers' });
  const content = Buffer.alloc(numbers.length * BYTES);
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  for (let index = 0; index < numbers.length; index += 1) {
    const number: unknown = numbers[index];
    if (typeof number !== 'number' || !Number.isFinite(number))
      throw journalErrors.JOURNAL_VALUE_INVALID({ reason: `it is ${String(number)}` });
    view.setFloat64(index * BYTES, number, true);
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
