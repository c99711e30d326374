/** float32 of the nearest bfloat16, ties to even: the type in which the library builds the table. */
function bfloat16(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer);
  const [word = 0] = bits;
  bits[0] = (word + 0x7fff + ((word >>> 16) & 1)) & 0xffff0000;
  return new Float32Array(bits.buffer)[0] ?? 0;
}

/** 2^(-8i/n) for heads 1..n of the next lower power of two; what is left takes every other slope of the next higher one. */
function slopes(heads: number): number[] {
  const power = 2 ** Math.floor(Math.log2(heads));
  const slope = (count: number, index: number): number => 2 ** (-(2 ** (3 - Math.log2(count))) * index);
  const first = Array.from({ length: power }, (_none, index) => slope(power, index + 1));
  const rest = Array.from({ length: heads - power }, (_none, index) => slope(2 * power, 2 * index + 1));
  return [...first, ...rest];
}

/**
 * What each head adds to the score of a key by its position (Press et al. 2022), before the scores are scaled.
 * @returns [positions, heads]
 */
export function alibiTable(heads: number, positions: number): Float32Array {
  const rounded = slopes(heads).map(bfloat16);
  return Float32Array.from({ length: positions * heads }, (_none, index) =>
    bfloat16((rounded[index % heads] ?? 0) * bfloat16(Math.floor(index / heads))),
  );
}
