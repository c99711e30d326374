import { finish, type Steps } from '../judging/steps.js';

const N = 624;
const M = 397;
const UPPER = 0x8000_0000;
const LOWER = 0x7fff_ffff;
const MATRIX_A = 0x9908_b0df;
const WORD = 0xffff_ffffn;
/** Items that are shuffled between two pauses: about a millisecond. */
const SHUFFLED_AT_ONCE = 1024;

/**
 * CPython's `random.Random`: MT19937 (Matsumoto and Nishimura 1998) seeded by array with the magnitude of an integer,
 * and the methods above it with CPython 3.11's order of draws. Validators that draw the same pages must agree to the bit.
 */
export class PythonRandom {
  readonly #state = new Uint32Array(N);
  #index = N;

  constructor(seed: bigint) {
    this.#seedByArray(wordsOf(seed < 0n ? -seed : seed));
  }

  /** Another generator that goes on from the same point of the stream. */
  clone(): PythonRandom {
    const copy = new PythonRandom(0n);
    copy.restore(this);
    return copy;
  }

  /** Goes back, or on, to the point of the stream at which `other` is. */
  restore(other: PythonRandom): void {
    this.#state.set(other.#state);
    this.#index = other.#index;
  }

  /** A double in [0, 1) of 53 random bits. */
  random(): number {
    const high = this.#next() >>> 5;
    const low = this.#next() >>> 6;
    return (high * 67_108_864 + low) / 9_007_199_254_740_992;
  }

  /** An integer of `bits` random bits, least significant word first. */
  getrandbits(bits: number): bigint {
    if (!Number.isInteger(bits) || bits < 0) throw new RangeError('number of bits must be a non-negative integer');
    let value = 0n;
    for (let shift = 0; shift < bits; shift += 32) {
      const left = bits - shift;
      const word = left < 32 ? this.#next() >>> (32 - left) : this.#next();
      value |= BigInt(word) << BigInt(shift);
    }
    return value;
  }

  /** Uniform in [0, limit): draws of the limit's bit length until one is below it. */
  below(limit: bigint): bigint {
    if (limit <= 0n) throw new RangeError('empty range');
    const bits = limit.toString(2).length;
    let value = this.getrandbits(bits);
    while (value >= limit) value = this.getrandbits(bits);
    return value;
  }

  /** Uniform in [first, last], both included. */
  randint(first: number, last: number): number {
    return Number(this.randintBig(BigInt(first), BigInt(last)));
  }

  randintBig(first: bigint, last: bigint): bigint {
    return first + this.below(last - first + 1n);
  }

  choice<T>(items: readonly T[]): T {
    const chosen = items[Number(this.below(BigInt(items.length)))];
    if (chosen === undefined && items.length === 0) throw new RangeError('cannot choose from an empty sequence');
    return chosen as T;
  }

  /** Fisher-Yates from the end, in place. */
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- an array of anything, kept in its type
  shuffle<T>(items: T[]): void {
    finish(this.shuffleInSteps(items));
  }

  /** The same, step by step. */
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- as above
  *shuffleInSteps<T>(items: T[]): Steps<undefined> {
    for (let last = items.length - 1; last > 0; last -= 1) {
      const other = Number(this.below(BigInt(last + 1)));
      const held = items[last] as T;
      items[last] = items[other] as T;
      items[other] = held;
      if (last % SHUFFLED_AT_ONCE === 0) yield;
    }
    return undefined;
  }

  #seed(value: number): void {
    const state = this.#state;
    state[0] = value;
    for (let i = 1; i < N; i += 1) {
      const previous = at(state, i - 1);
      state[i] = Math.imul(1_812_433_253, previous ^ (previous >>> 30)) + i;
    }
  }

  #seedByArray(key: Uint32Array): void {
    const state = this.#state;
    this.#seed(19_650_218);
    let i = 1;
    let j = 0;
    const advance = (): void => {
      i += 1;
      if (i >= N) {
        state[0] = at(state, N - 1);
        i = 1;
      }
    };
    for (let k = Math.max(N, key.length); k > 0; k -= 1) {
      const previous = at(state, i - 1);
      state[i] = (at(state, i) ^ Math.imul(previous ^ (previous >>> 30), 1_664_525)) + at(key, j) + j;
      j = j + 1 >= key.length ? 0 : j + 1;
      advance();
    }
    for (let k = N - 1; k > 0; k -= 1) {
      const previous = at(state, i - 1);
      state[i] = (at(state, i) ^ Math.imul(previous ^ (previous >>> 30), 1_566_083_941)) - i;
      advance();
    }
    state[0] = UPPER;
    this.#index = N;
  }

  #next(): number {
    if (this.#index >= N) this.#twist();
    let word = at(this.#state, this.#index);
    this.#index += 1;
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c_5680;
    word ^= (word << 15) & 0xefc6_0000;
    word ^= word >>> 18;
    return word >>> 0;
  }

  #twist(): void {
    const state = this.#state;
    for (let i = 0; i < N; i += 1) {
      const joined = (at(state, i) & UPPER) | (at(state, (i + 1) % N) & LOWER);
      state[i] = at(state, (i + M) % N) ^ (joined >>> 1) ^ ((joined & 1) === 0 ? 0 : MATRIX_A);
    }
    this.#index = 0;
  }
}

const at = (words: Uint32Array, index: number): number => words[index] ?? 0;

/** 32-bit words of a magnitude, least significant first; one zero word for zero. */
function wordsOf(magnitude: bigint): Uint32Array {
  const words: number[] = [];
  for (let rest = magnitude; rest > 0n; rest >>= 32n) words.push(Number(rest & WORD));
  return Uint32Array.from(words.length > 0 ? words : [0]);
}
