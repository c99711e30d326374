/** When epochs fall: every `tempo` blocks from the last one on. */
interface Schedule {
  lastEpoch: number;
  /** 0: there are no epochs. */
  tempo: number;
}

/** First block after `at` in which an epoch runs. A shorter tempo may make one due at once. */
export function nextEpoch({ lastEpoch, tempo }: Schedule, at: number): number | null {
  if (tempo === 0) return null;
  if (at >= lastEpoch) return Math.max(lastEpoch + tempo, at + 1);
  return lastEpoch - Math.floor((lastEpoch - at - 1) / tempo) * tempo;
}
