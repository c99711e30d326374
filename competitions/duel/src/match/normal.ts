/** Chebyshev coefficients of erfc, fractional error below 1.2e-7 (Press et al., Numerical Recipes, 6.2). */
const COEFFICIENTS = [
  -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223,
  0.17087277,
];
/** Beyond it the distribution is 0 or 1. */
const FARTHEST = 38;
const HALVINGS = 100;

/** Share of the standard normal distribution below a value. */
export function normalBelow(value: number): number {
  const size = Math.abs(value) / Math.SQRT2;
  const t = 1 / (1 + size / 2);
  const exponent = COEFFICIENTS.reduceRight((sum, coefficient) => sum * t + coefficient, 0);
  const beyond = (t * Math.exp(exponent - size * size)) / 2;
  return value < 0 ? beyond : 1 - beyond;
}

/** The value below which this share of the standard normal distribution lies. @param share above 0, below 1 */
export function normalQuantile(share: number): number {
  // The upper half has no digits left near 1.
  if (share > 0.5) return -normalQuantile(1 - share);
  let [low, high] = [-FARTHEST, 0];
  for (let halving = 0; halving < HALVINGS; halving += 1) {
    const middle = (low + high) / 2;
    if (normalBelow(middle) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
