/** Blocks that an endpoint may be behind another. */
export const MOST_BEHIND = 10;
/** Two heads further apart than this contradict each other: a node so far behind says that it is syncing. A day's blocks. */
const CONTRADICTION = 7200;
/** No chain has made more than a block each second since then. */
const FIRST_BLOCKS = Date.UTC(2020, 0, 1);

/** Whether a chain can have so many blocks at all. */
export const isPossibleHead = (head: number, now = Date.now()): boolean => head <= (now - FIRST_BLOCKS) / 1000;

/**
 * Blocks by which an endpoint is behind the others; 0 when it is not. One that tells of far more blocks than everybody
 * else is not believed, so that it can't make every other endpoint seem to be behind.
 */
export function lagOf(head: number, others: readonly number[]): number {
  const believed = others.filter(
    (other, index) =>
      other - head <= CONTRADICTION ||
      others.some((third, place) => place !== index && Math.abs(third - other) <= CONTRADICTION),
  );
  return Math.max(0, ...believed.map((other) => other - head));
}

/** Whether this endpoint is the one that nobody else bears out. */
export const isOutvoted = (head: number, others: readonly number[]): boolean =>
  others.length >= 2 && others.every((other) => head - other > CONTRADICTION);

/** Why an endpoint with this head is not used, where others tell of these. */
export function doubtAbout(head: number, others: readonly number[]): string | undefined {
  const lag = lagOf(head, others);
  if (lag > MOST_BEHIND) return `it is ${lag} blocks behind another endpoint`;
  return isOutvoted(head, others) ? `no other endpoint knows a block near ${head}` : undefined;
}
