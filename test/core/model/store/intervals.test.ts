import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesIn, gapsIn, unbrokenUpTo, withInterval, type Interval } from '@assay/core/model/store/intervals';

const SIZE = 60;
const interval = fc
  .tuple(fc.integer({ min: 0, max: SIZE }), fc.integer({ min: 0, max: SIZE }))
  .map(([a, b]): Interval => [Math.min(a, b), Math.max(a, b)]);
const some = fc.array(interval, { maxLength: 12 });

const bytesOf = (intervals: readonly Interval[]): Set<number> =>
  new Set(intervals.flatMap(([start, end]) => Array.from({ length: end - start }, (_none, index) => start + index)));
const union = (intervals: readonly Interval[]): Interval[] => intervals.reduce<Interval[]>(withInterval, []);

describe('intervals', () => {
  it('hold the bytes that were put in, ascending and apart from each other', () => {
    fc.assert(
      fc.property(some, (put) => {
        const all = union(put);
        expect(bytesOf(all)).toEqual(bytesOf(put));
        expect(bytesIn(all)).toBe(bytesOf(put).size);
        for (const [index, [start]] of all.entries()) expect(start).toBeGreaterThan(all[index - 1]?.[1] ?? -1);
      }),
    );
  });

  it('leave out every other byte, once, in order, in pieces of the length that is asked for', () => {
    fc.assert(
      fc.property(some, fc.integer({ min: 1, max: SIZE }), (put, longest) => {
        const left: number[] = [];
        const gaps = gapsIn(union(put), SIZE, (missing) => {
          left.push(missing);
          return longest;
        });
        expect([...bytesOf(gaps)]).toEqual(
          Array.from({ length: SIZE }, (_none, byte) => byte).filter((byte) => !bytesOf(put).has(byte)),
        );
        expect(gaps.every(([start, end]) => end > start && end - start <= longest)).toBe(true);
        expect(left).toEqual(gaps.map(([start]) => [...bytesOf(gaps)].filter((byte) => byte >= start).length));
      }),
    );
  });

  it('say up to where nothing is missing', () => {
    fc.assert(
      fc.property(some, (put) => {
        const end = unbrokenUpTo(union(put));
        const bytes = bytesOf(put);
        expect(bytes.has(end)).toBe(false);
        for (let byte = 0; byte < end; byte += 1) expect(bytes.has(byte)).toBe(true);
      }),
    );
  });
});
