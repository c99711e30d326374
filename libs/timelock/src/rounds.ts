/** Unix time in seconds at which round 1 of drand's quicknet was published. */
const GENESIS = 1_692_803_367;
/** Seconds between two rounds. */
const PERIOD = 3;

/** Newest round of drand's quicknet that is published at this Unix time in seconds; 1 for times before the first. */
export function roundAt(unixSeconds: number): number {
  return Math.max(1, Math.floor((unixSeconds - GENESIS) / PERIOD) + 1);
}

/** Unix time in seconds at which a round is published. */
export function timeOf(round: number): number {
  return GENESIS + (round - 1) * PERIOD;
}
