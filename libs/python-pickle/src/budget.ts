import { pickleErrors } from './errors.js';

/** Limits of one file. The tracker of 4,096 uids with five competitions has 4.3 MB and stays below half of each. */
export const LIMITS = {
  bytes: 16 * 1024 * 1024,
  opcodes: 3_000_000,
  /** Lists, dicts, sets and records. */
  containers: 500_000,
  /** Values of a file when each is counted as often as it is reached. */
  values: 4_000_000,
  depth: 64,
  /** Elements of all tensors together. */
  elements: 4_000_000,
} as const;

/** What a file may still use; pickles inside of it use the same. */
export class Budget {
  #opcodes = 0;
  #containers = 0;
  #elements = 0;
  #copied = 0;

  /** @throws PICKLE_TOO_LARGE where the file itself has too many bytes */
  constructor(
    readonly file: string,
    bytes: Uint8Array,
  ) {
    this.#require('bytes', bytes.length, LIMITS.bytes);
  }

  opcode(): void {
    this.#opcodes += 1;
    this.#require('opcodes', this.#opcodes, LIMITS.opcodes);
  }

  container(): void {
    this.#containers += 1;
    this.#require('containers', this.#containers, LIMITS.containers);
  }

  /** Bytes, characters or items that are read once more, though the file has them once. */
  copies(count: number): void {
    this.#copied += count;
    this.#require('bytes that are used again', this.#copied, LIMITS.bytes);
  }

  elements(count: number): void {
    this.#elements += count;
    this.#require('tensor elements', this.#elements, LIMITS.elements);
  }

  #require(what: string, count: number, limit: number): void {
    if (count > limit) throw pickleErrors.PICKLE_TOO_LARGE({ file: this.file, what, limit });
  }
}
