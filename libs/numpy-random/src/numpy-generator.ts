import { highWord, Pcg64 } from './pcg64.js';

const WORD = 2 ** 32;
/** Limits of what `choice` does by a shuffle of everything instead of Floyd's set, as numpy has them. */
const TAIL_SHUFFLE = { aboveItems: 10_000, aboveShare: 50 };
/** Work between two pauses, some milliseconds at most. */
const STEP = 65_536;

/** A calculation that pauses between its steps, so that its caller may do other things meanwhile. */
type Steps<T> = Generator<undefined, T>;

/**
 * `numpy.random.default_rng(seed)`: the same numbers for the same calls in the same order, as numpy 1.17 and later give
 * them (checked against 1.24.2).
 */
export class NumpyGenerator {
  readonly #bits: Pcg64;

  /** @throws RangeError for a negative seed */
  constructor(seed: bigint) {
    this.#bits = new Pcg64(seed);
  }

  /**
   * `integers(0, high, size=into.length)`, without allocation. Source: Lemire, "Fast Random Integer Generation in an
   * Interval" (2019), on words of 32 bits.
   *
   * @param high 1 to 2^32
   */
  fill(into: Uint32Array, high: number): void {
    requireWithin('high', high, 1, WORD);
    if (high === 1) into.fill(0);
    else if (high === WORD) this.#bits.fill(into);
    else this.#bits.fillBelow(into, high, (WORD - high) % high);
  }

  /**
   * `integers(0, high, size)` for every range that numpy's int64 has.
   *
   * @param high 1 to 2^63
   */
  integers(high: bigint, size: number): bigint[] {
    if (high < 1n || high > 1n << 63n) throw new RangeError(`high is ${high}; it goes from 1 to 2^63`);
    if (high > BigInt(WORD)) return Array.from({ length: size }, () => this.#below64(high));
    const drawn = new Uint32Array(size);
    this.fill(drawn, Number(high));
    return [...drawn].map(BigInt);
  }

  /** `shuffle` of an array, in place: each position from the end changes with one drawn by masked rejection. */
  shuffle(values: Uint32Array): void {
    finish(this.shuffleInSteps(values));
  }

  /** The same, step by step. */
  *shuffleInSteps(values: Uint32Array): Steps<undefined> {
    const draw = (limit: number): number => this.#masked(limit);
    yield* shuffledFrom(values, 1, draw);
  }

  /**
   * `choice(n, size, replace=False)`.
   *
   * @param n 0 to 2^32 - 1
   * @param size at most n
   */
  choice(n: number, size: number): Uint32Array {
    return finish(this.choiceInSteps(n, size));
  }

  /** The same, step by step. */
  *choiceInSteps(n: number, size: number): Steps<Uint32Array> {
    requireWithin('n', n, 0, WORD - 1);
    requireWithin('size', size, 0, n);
    const draw = (limit: number): number => this.#below(limit + 1);
    if (n > TAIL_SHUFFLE.aboveItems && size > Math.floor(n / TAIL_SHUFFLE.aboveShare)) {
      const all = new Uint32Array(n);
      for (let value = 0; value < n; value += 1) all[value] = value;
      yield* shuffledFrom(all, Math.max(n - size, 1), draw);
      return all.slice(n - size);
    }
    const chosen = yield* chosenByFloyd(n, size, draw);
    yield* shuffledFrom(chosen, 1, draw);
    return chosen;
  }

  /** Uniform in [0, high), high up to 2^32 - 1. */
  #below(high: number): number {
    if (high === 1) return 0;
    const threshold = (WORD - high) % high;
    for (;;) {
      const word = this.#bits.next32();
      const low = Math.imul(word, high) >>> 0;
      if (low >= threshold) return highWord(word, high, low);
    }
  }

  /** Uniform in [0, high), high above 2^32: Lemire's method on words of 64 bits. */
  #below64(high: bigint): bigint {
    const threshold = BigInt.asUintN(64, -high) % high;
    for (;;) {
      const product = this.#bits.next64() * high;
      if (BigInt.asUintN(64, product) >= threshold) return product >> 64n;
    }
  }

  /** Uniform in [0, last]: words cut to the bits of `last`, until one is not above it. */
  #masked(last: number): number {
    const mask = 2 ** (32 - Math.clz32(last)) - 1;
    for (;;) {
      const value = (this.#bits.next32() & mask) >>> 0;
      if (value <= last) return value;
    }
  }
}

/** Positions from the last down to `first` change places with one drawn from [0, position]. */
function* shuffledFrom(values: Uint32Array, first: number, draw: (limit: number) => number): Steps<undefined> {
  for (let from = values.length - 1; from >= first; from -= STEP) {
    for (let position = from; position >= Math.max(first, from - STEP + 1); position -= 1) {
      const other = draw(position);
      const held = values[position] ?? 0;
      values[position] = values[other] ?? 0;
      values[other] = held;
    }
    yield;
  }
  return undefined;
}

/** Source: Bentley and Floyd, "A sample of brilliance" (1987). */
function* chosenByFloyd(n: number, size: number, draw: (limit: number) => number): Steps<Uint32Array> {
  const chosen = new Uint32Array(size);
  const seen = new Set<number>();
  for (let index = 0; index < size; index += 1) {
    const last = n - size + index;
    const drawn = draw(last);
    const value = seen.has(drawn) ? last : drawn;
    seen.add(value);
    chosen[index] = value;
    if (index % STEP === STEP - 1) yield;
  }
  return chosen;
}

function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

function requireWithin(name: string, value: number, first: number, last: number): void {
  if (!Number.isInteger(value) || value < first || value > last)
    throw new RangeError(`${name} is ${value}; it is an integer from ${first} to ${last}`);
}
