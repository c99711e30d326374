/** Bytes `start` to before `end`. */
export type Interval = readonly [start: number, end: number];

/** The union of intervals and one more: ascending, none touching the next. */
export function withInterval(intervals: readonly Interval[], [start, end]: Interval): Interval[] {
  if (start >= end) return [...intervals];
  const before = intervals.filter((one) => one[1] < start);
  const after = intervals.filter((one) => one[0] > end);
  const touching = intervals.slice(before.length, intervals.length - after.length);
  const joined: Interval = [
    Math.min(start, ...touching.map((one) => one[0])),
    Math.max(end, ...touching.map((one) => one[1])),
  ];
  return [...before, joined, ...after];
}

/**
 * What `intervals` leave out of the first `size` bytes, in pieces.
 * @param length of the next piece where so many bytes are left out from its start on, 1 or more
 */
export function gapsIn(intervals: readonly Interval[], size: number, length: (left: number) => number): Interval[] {
  const gaps: Interval[] = [];
  let at = 0;
  let left = size - bytesIn(intervals);
  for (const [start, end] of [...intervals, [size, size] as const]) {
    while (at < start) {
      const next = Math.min(at + length(left), start);
      gaps.push([at, next]);
      left -= next - at;
      at = next;
    }
    at = Math.max(at, end);
  }
  return gaps;
}

export const bytesIn = (intervals: readonly Interval[]): number =>
  intervals.reduce((sum, [start, end]) => sum + end - start, 0);

/** Up to where everything is there. */
export const unbrokenUpTo = (intervals: readonly Interval[]): number => {
  const [first] = intervals;
  return first?.[0] === 0 ? first[1] : 0;
};
