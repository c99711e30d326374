/**
 * numpy's quantile with its default method, `linear` (Hyndman and Fan 1996, type 7), to the last bit.
 * @param sorted ascending, not empty
 * @param share 0..1
 */
export function quantile(sorted: Float64Array, share: number): number {
  const position = (sorted.length - 1) * share;
  const below = Math.floor(position);
  const low = sorted[below] ?? Number.NaN;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? Number.NaN;
  const part = position - below;
  const step = high - low;
  return part < 0.5 ? low + step * part : high - step * (1 - part);
}
