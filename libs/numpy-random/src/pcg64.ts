import { INTEGERS_AT, OUTPUTS_AT, PCG64_MODULE } from './pcg64-module.js';
import { seedWords } from './seed-sequence.js';

/** Outputs of 64 bits that are computed at a time. */
const BLOCK = 512;
const WORDS = 2 * BLOCK;
const STATE_WORDS = 8;

/** What is used of WebAssembly: TypeScript declares it with the types of browsers only. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { exports: Functions & { memory: { buffer: ArrayBuffer } } };
};

interface Functions {
  steps: (count: number) => void;
  below: (words: number, high: number, threshold: number) => number;
}

interface Machine extends Functions {
  /** State and increment of the generator whose turn it is. */
  state: Uint32Array;
  outputs: Uint32Array;
  integers: Uint32Array;
}

let shared: Machine | undefined;

/** The one instance that all generators take turns on: each memory of WebAssembly reserves gigabytes of address space. */
function machine(): Machine {
  if (shared) return shared;
  const { memory, steps, below } = new WebAssembly.Instance(new WebAssembly.Module(PCG64_MODULE)).exports;
  shared = {
    state: new Uint32Array(memory.buffer, 0, STATE_WORDS),
    outputs: new Uint32Array(memory.buffer, OUTPUTS_AT, WORDS),
    integers: new Uint32Array(memory.buffer, INTEGERS_AT, WORDS),
    ...{ steps, below },
  };
  return shared;
}

/**
 * numpy's PCG64 (XSL-RR, 128 bits of state) as `default_rng(seed)` makes it. A 32-bit word is the low half of an output; the
 * high half is kept for the next word, also while outputs of 64 bits are taken in between.
 */
export class Pcg64 {
  readonly #state: Uint32Array;
  /** Outputs, the low half of each first. */
  readonly #block = new Uint32Array(WORDS);
  /** Of the next word; odd while the high half of an output is kept. */
  #position = WORDS;

  /** @throws RangeError for a negative seed */
  constructor(seed: bigint) {
    // SeedSequence gives the high half of each 128-bit number first.
    const [s2, s3, s0, s1, i2, i3, i0, i1] = [...seedWords(seed, STATE_WORDS)].map(BigInt);
    const increment = (joined(i0, i1, i2, i3) << 1n) | 1n;
    this.#state = stateWords(joined(s0, s1, s2, s3) + increment, increment);
    this.#advance(1);
  }

  next32(): number {
    if (this.#position === WORDS) this.#refill();
    const word = this.#block[this.#position] ?? 0;
    this.#position += 1;
    return word;
  }

  next64(): bigint {
    const kept = this.#position % 2 === 1 ? this.next32() : undefined;
    const low = this.next32();
    const output = (BigInt(this.next32()) << 32n) | BigInt(low);
    if (kept !== undefined) this.#putBack(kept);
    return output;
  }

  /** The next words of 32 bits, as many as fit. */
  fill(words: Uint32Array): void {
    for (let done = 0; done < words.length;) {
      if (this.#position === WORDS) this.#refill();
      const taken = this.#block.subarray(this.#position, this.#position + words.length - done);
      words.set(taken, done);
      done += taken.length;
      this.#position += taken.length;
    }
  }

  /**
   * Integers below `high` by Lemire's method on words of 32 bits.
   * @param threshold low halves of products below it are drawn again: 2^32 mod `high`
   */
  fillBelow(integers: Uint32Array, high: number, threshold: number): void {
    for (let done = 0; done < integers.length;) {
      if (this.#position === WORDS && integers.length - done >= WORDS) {
        this.#advance(BLOCK);
        const { integers: made, below } = machine();
        const count = below(WORDS, high, threshold);
        integers.set(made.subarray(0, count), done);
        done += count;
        continue;
      }
      const word = this.next32();
      const low = Math.imul(word, high) >>> 0;
      if (low < threshold) continue;
      integers[done] = highWord(word, high, low);
      done += 1;
    }
  }

  /** Makes a word the next one, in the place of one that was taken. */
  #putBack(word: number): void {
    this.#position -= 1;
    this.#block[this.#position] = word;
  }

  #refill(): void {
    this.#block.set(this.#advance(BLOCK));
    this.#position = 0;
  }

  /** @returns the outputs, valid until the next call of any generator */
  #advance(steps: number): Uint32Array {
    const { state, outputs, steps: run } = machine();
    state.set(this.#state);
    run(steps);
    this.#state.set(state);
    return outputs;
  }
}

/** The upper 32 bits of a product of 64; its double is off by less than 2^11, which `low` shows. */
export const highWord = (word: number, factor: number, low: number): number =>
  Math.round((word * factor - low) / 2 ** 32);

/** Four words of 32 bits as one integer, the lowest first. */
const joined = (...words: readonly (bigint | undefined)[]): bigint =>
  words.reduceRight<bigint>((whole, word) => (whole << 32n) | (word ?? 0n), 0n);

function stateWords(...values: readonly bigint[]): Uint32Array {
  return Uint32Array.from(
    values.flatMap((value) => [0n, 32n, 64n, 96n].map((shift) => Number((value >> shift) & 0xffff_ffffn))),
  );
}
