interface Cluster {
  size: number;
  mean: number;
}

/**
 * How many independent values tell as much as these, which come in clusters (sequences of one shard are more alike than
 * sequences of two): n / (1 + (m - 1) rho), with m the mean size of a cluster (the design effect, Kish 1965). rho is the
 * intraclass correlation by one-way analysis of variance, floored at 0 (Donner 1986, "A review of inference procedures for the
 * intraclass correlation coefficient in the one-way random effects model"): with mean squares B between and W within k clusters of
 * n_i values, rho = (B - W) / (B + (n0 - 1) W), n0 = (n - sum of n_i^2 / n) / (k - 1).
 *
 * @param values finite; differences of two models' losses
 * @param clusters of each value the cluster that it belongs to; as many as values
 * @returns up to the number of values; null where all of several values are of one cluster, which says nothing of rho
 */
export function effectiveSampleSize(values: readonly number[], clusters: readonly number[]): number | null {
  if (clusters.length !== values.length)
    throw new RangeError(`${values.length} values have the clusters of ${clusters.length}`);
  const n = values.length;
  const found = clustersOf(values, clusters);
  const k = found.size;
  if (k === n) return n;
  if (k === 1) return null;
  const rho = Math.max(0, intraclassCorrelation(values, clusters, found));
  return n / (1 + (n / k - 1) * rho);
}

function intraclassCorrelation(
  values: readonly number[],
  clusters: readonly number[],
  found: ReadonlyMap<number, Cluster>,
): number {
  const n = values.length;
  const all = [...found.values()];
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const between = sumOf(all, (one) => one.size * (one.mean - mean) ** 2) / (all.length - 1);
  const squares = values.map((value, index) => (value - (found.get(clusters[index] ?? 0)?.mean ?? 0)) ** 2);
  const within = sumOf(squares, (square) => square) / (n - all.length);
  const size = (n - sumOf(all, (one) => one.size ** 2) / n) / (all.length - 1);
  const total = between + (size - 1) * within;
  // Values that are all equal differ no more between clusters than within them.
  return total === 0 ? 0 : (between - within) / total;
}

function clustersOf(values: readonly number[], clusters: readonly number[]): Map<number, Cluster> {
  const found = new Map<number, Cluster>();
  for (const [index, value] of values.entries()) {
    const number = clusters[index] ?? 0;
    const before = found.get(number) ?? { size: 0, mean: 0 };
    const size = before.size + 1;
    found.set(number, { size, mean: before.mean + (value - before.mean) / size });
  }
  return found;
}

const sumOf = <T>(items: readonly T[], of: (item: T) => number): number =>
  items.reduce((sum, item) => sum + of(item), 0);
