/**
 * How many sequences each of `count` sources gives: shares by largest remainder, ties to the earlier source. Without weights
 * equal parts, the first ones one more.
 *
 * @param weights one for each source, of a sum above 0; of another number of sources they do not count, as in the reference
 */
export function sourceTargets(total: number, count: number, weights?: readonly number[]): number[] {
  if (weights?.length !== count)
    return Array.from({ length: count }, (_none, index) => Math.floor(total / count) + (index < total % count ? 1 : 0));
  const sum = weights.reduce((all, weight) => all + weight, 0);
  const exact = weights.map((weight) => (total * weight) / sum);
  const targets = exact.map(Math.floor);
  const rest = total - targets.reduce((all, target) => all + target, 0);
  const remainder = (index: number): number => (exact[index] ?? 0) - (targets[index] ?? 0);
  const order = exact.map((_share, index) => index).sort((a, b) => remainder(b) - remainder(a));
  for (const index of order.slice(0, rest)) targets[index] = (targets[index] ?? 0) + 1;
  return targets;
}
