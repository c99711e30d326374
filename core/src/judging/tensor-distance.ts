/** How far two tensors are from each other, by values at the same places. */
export interface TensorDistance {
  /** -1 to 1; 1 for equal values. */
  cosine: number;
  /** ||a - b|| / max(||a||, ||b||): 0 for equal values, at most 2. It is the same both ways. */
  difference: number;
  /**
   * ||b - s a|| / ||b|| for the factor s that makes it least, which is the sine of the angle: 0 where one is a multiple of the
   * other, at most 1. Scaling a tensor, and undoing it in the next one, hides no copy.
   */
  residual: number;
}

/**
 * Undefined where nothing can be said: no values or other numbers of them, one that is not finite, or all of `b` equal, as
 * norms of ones are in models that have nothing to do with each other.
 */
export function tensorDistance(a: Float32Array, b: Float32Array): TensorDistance | undefined {
  if (a.length !== b.length || b.every((value) => value === b[0])) return undefined;
  let [ofA, ofB, product, apart] = [0, 0, 0, 0];
  for (const [index, one] of b.entries()) {
    const other = a[index] ?? Number.NaN;
    ofA += other * other;
    ofB += one * one;
    product += other * one;
    apart += (other - one) * (other - one);
  }
  const longest = Math.sqrt(Math.max(ofA, ofB));
  if (!Number.isFinite(longest) || ofB === 0) return undefined;
  const lengths = Math.sqrt(ofA) * Math.sqrt(ofB);
  const scale = ofA === 0 ? 0 : product / ofA;
  const left = b.reduce((sum, one, index) => sum + (one - scale * (a[index] ?? Number.NaN)) ** 2, 0);
  return {
    cosine: lengths === 0 ? 0 : Math.max(-1, Math.min(1, product / lengths)),
    difference: Math.sqrt(apart) / longest,
    residual: Math.sqrt(left / ofB),
  };
}
