import type { AssayError } from '@assay/core/errors/assay-error';
import { pickleErrors } from './errors.js';

const NEWLINE = 0x0a;
/** The longest line of a protocol-0 pickle: a number or the name of a global or a text. */
const LONGEST_LINE = 4096;

/** Reads forward through the bytes of one file. */
export class Cursor {
  #at = 0;
  readonly #bytes: Buffer;

  constructor(
    readonly file: string,
    bytes: Uint8Array,
  ) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get offset(): number {
    return this.#at;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** @throws PICKLE_MALFORMED where fewer bytes are left, as all of these */
  take(count: number): Buffer {
    const end = this.#at + count;
    if (!Number.isSafeInteger(end) || end > this.#bytes.length) throw this.malformed('the file ends early');
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  byte(): number {
    return this.take(1).readUInt8();
  }

  uint16(): number {
    return this.take(2).readUInt16LE();
  }

  uint32(): number {
    return this.take(4).readUInt32LE();
  }

  int32(): number {
    return this.take(4).readInt32LE();
  }

  /** A count of 64 bits. */
  uint64(): number {
    const count = this.take(8).readBigUInt64LE();
    if (count > BigInt(Number.MAX_SAFE_INTEGER)) throw this.malformed('a length has more than 53 bits');
    return Number(count);
  }

  /** Big-endian, as pickle has it. */
  float(): number {
    return this.take(8).readDoubleBE();
  }

  /** Up to the next line feed, which is left out; latin-1. */
  line(): string {
    const end = this.#bytes.subarray(this.#at, this.#at + LONGEST_LINE).indexOf(NEWLINE);
    if (end < 0) throw this.malformed(`a line is longer than ${LONGEST_LINE} bytes or does not end`);
    const text = this.take(end).toString('latin1');
    this.take(1);
    return text;
  }

  text(count: number): string {
    return this.take(count).toString('utf8');
  }

  malformed(reason: string): AssayError {
    return pickleErrors.PICKLE_MALFORMED({ file: this.file, offset: this.#at, reason });
  }
}
