import { PythonRandom } from '@assay/core/sampling/python-random';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const seeds = fc.bigInt({ min: 0n, max: (1n << 256n) - 1n });

describe('PythonRandom', () => {
  it('shuffles into a permutation, the same for the same seed', () => {
    fc.assert(
      fc.property(seeds, fc.array(fc.integer(), { maxLength: 60 }), (seed, items) => {
        const [once, again] = [[...items], [...items]];
        new PythonRandom(seed).shuffle(once);
        new PythonRandom(seed).shuffle(again);
        expect(once).toEqual(again);
        expect([...once].sort((a, b) => a - b)).toEqual([...items].sort((a, b) => a - b));
      }),
      { numRuns: 50 },
    );
  });

  it('stays within its ranges', () => {
    fc.assert(
      fc.property(seeds, fc.integer(), fc.nat(1e9), fc.nat(300), (seed, first, width, bits) => {
        const stream = new PythonRandom(seed);
        const drawn = stream.randint(first, first + width);
        expect(drawn).toBeGreaterThanOrEqual(first);
        expect(drawn).toBeLessThanOrEqual(first + width);
        expect(stream.getrandbits(bits)).toBeLessThan(1n << BigInt(bits));
        expect(stream.random()).toBeLessThan(1);
      }),
      { numRuns: 50 },
    );
  });

  it('reaches both ends of a range', () => {
    const stream = new PythonRandom(3n);
    const drawn = new Set(Array.from({ length: 100 }, () => stream.randint(1, 3)));
    expect([...drawn].sort()).toEqual([1, 2, 3]);
  });

  it('goes on from the same point in a clone, and apart from it', () => {
    fc.assert(
      fc.property(seeds, fc.nat(1300), (seed, skipped) => {
        const stream = new PythonRandom(seed);
        for (let count = 0; count < skipped; count += 1) stream.random();
        const copy = stream.clone();
        const expected = Array.from({ length: 5 }, () => stream.random());
        expect(Array.from({ length: 5 }, () => copy.random())).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });

  it('takes the magnitude of a seed, as CPython does', () => {
    expect(new PythonRandom(-5n).random()).toBe(new PythonRandom(5n).random());
  });

  it.each([
    ['an empty choice', (stream: PythonRandom) => stream.choice([])],
    ['an empty range', (stream: PythonRandom) => stream.randint(2, 1)],
    ['a negative number of bits', (stream: PythonRandom) => stream.getrandbits(-1)],
  ])('refuses %s', (_what, draw) => {
    expect(() => draw(new PythonRandom(1n))).toThrow(RangeError);
  });
});
