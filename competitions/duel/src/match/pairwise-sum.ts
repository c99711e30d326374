/** Values that numpy 1 buffers and adds at a time. */
export const BUFFER = 8192;
/** Values that it adds in eight sums side by side before it splits in halves. */
const BLOCK = 128;
const LANES = 8;

/**
 * Sum in the order in which numpy 1.24 adds, so that a mean has numpy's last bit: buffer by buffer, in each by halves of halves
 * (pairwise summation, Higham 1993), and blocks of 128 in eight sums side by side.
 */
export function pairwiseSum(values: Float64Array): number {
  let total = 0;
  for (let start = 0; start < values.length; start += BUFFER)
    total += bufferSum(values, start, Math.min(BUFFER, values.length - start));
  return total;
}

export const pairwiseMean = (values: Float64Array): number => pairwiseSum(values) / values.length;

/** Sum of `count` values from `start` on, at most a buffer. */
export function bufferSum(values: Float64Array, start: number, count: number): number {
  if (count <= BLOCK) return blockSum(values, start, count);
  const half = Math.floor(count / 2);
  const first = half - (half % LANES);
  return bufferSum(values, start, first) + bufferSum(values, start + first, count - first);
}

function blockSum(values: Float64Array, start: number, count: number): number {
  const end = start + count;
  const lastLane = count < LANES ? start : end - (count % LANES);
  let total = 0;
  if (lastLane > start) {
    let [a, b, c, d] = [0, 0, 0, 0];
    let [e, f, g, h] = [0, 0, 0, 0];
    for (let at = start; at < lastLane; at += LANES) {
      a += values[at] ?? 0;
      b += values[at + 1] ?? 0;
      c += values[at + 2] ?? 0;
      d += values[at + 3] ?? 0;
      e += values[at + 4] ?? 0;
      f += values[at + 5] ?? 0;
      g += values[at + 6] ?? 0;
      h += values[at + 7] ?? 0;
    }
    total = a + b + (c + d) + (e + f + (g + h));
  }
  for (let at = lastLane; at < end; at += 1) total += values[at] ?? 0;
  return total;
}
