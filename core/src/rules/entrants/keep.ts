export interface KeepCandidate {
  uid: number;
  winRate: number;
  /** Weight in the competition's moving average after the round. */
  averageWeight: number;
}

/** 1 + average weight where it counts, else the win rate: whoever holds weight comes before whoever only won. */
export function keepPriority({ winRate, averageWeight }: KeepCandidate, threshold: number): number {
  return averageWeight >= threshold ? 1 + averageWeight : winRate;
}

/**
 * Models that stay for the next round: competitive ones by priority, filled up by score. Ties keep the given order.
 * @param scored all models with a score, competitive or not
 * @param count how many in all (the reference's sample_min)
 */
export function modelsToKeep(
  competitive: readonly KeepCandidate[],
  scored: readonly { uid: number; score: number }[],
  options: { count: number; threshold: number },
): number[] {
  const byPriority = [...competitive].sort(
    (a, b) => keepPriority(b, options.threshold) - keepPriority(a, options.threshold),
  );
  const kept = new Set(byPriority.slice(0, options.count).map(({ uid }) => uid));
  for (const { uid } of [...scored].sort((a, b) => a.score - b.score)) {
    if (kept.size >= options.count) break;
    kept.add(uid);
  }
  return [...kept].sort((a, b) => a - b);
}
