/**
 * softmax(values / temperature) in float32, as the reference's tensors compute it. The results sum to 1 up to rounding.
 */
export function softmax32(values: readonly number[], temperature: number): number[] {
  const scale = Math.fround(temperature);
  const scaled = values.map((value) => Math.fround(Math.fround(value) / scale));
  const highest = Math.max(...scaled);
  const exponentials = scaled.map((value) => Math.fround(Math.exp(Math.fround(value - highest))));
  const sum = Math.fround(exponentials.reduce((total, value) => total + value, 0));
  return exponentials.map((value) => Math.fround(value / sum));
}
