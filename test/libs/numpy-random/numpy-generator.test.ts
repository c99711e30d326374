import { spawnSync } from 'node:child_process';
import { NumpyGenerator } from '@assay/lib-numpy-random';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const seeds = fc.bigInt({ min: 0n, max: (1n << 200n) - 1n });
const highs = fc.oneof(
  fc.integer({ min: 1, max: 50 }),
  fc.integer({ min: 1, max: 2 ** 32 }),
  fc.constantFrom(2 ** 31, 2 ** 31 + 1, 2 ** 32 - 1, 2 ** 32, 3 * 2 ** 30),
);

describe("numpy's generator", () => {
  it('fills in pieces as it fills at once', () => {
    fc.assert(
      fc.property(seeds, highs, fc.array(fc.nat(1500), { maxLength: 6 }), (seed, high, sizes) => {
        const [pieces, whole] = [new NumpyGenerator(seed), new NumpyGenerator(seed)];
        const drawn = sizes.flatMap((size) => {
          const piece = new Uint32Array(size);
          pieces.fill(piece, high);
          return [...piece];
        });
        const expected = new Uint32Array(drawn.length);
        whole.fill(expected, high);
        expect(drawn).toEqual([...expected]);
        expect(drawn.every((value) => value < high)).toBe(true);
      }),
    );
  });

  it('draws the same one by one and many together', () => {
    fc.assert(
      fc.property(seeds, highs, fc.nat(60), (seed, high, size) => {
        const [one, many] = [new NumpyGenerator(seed), new NumpyGenerator(seed)];
        const drawn = Array.from({ length: size }, () => one.integers(BigInt(high), 1)[0]);
        expect(drawn).toEqual(many.integers(BigInt(high), size));
      }),
    );
  });

  it('chooses distinct items, and all of them where all are asked for', () => {
    const sizes = fc.nat(30_000).chain((n) => fc.tuple(fc.constant(n), fc.oneof(fc.nat(n), fc.nat(Math.min(n, 300)))));
    fc.assert(
      fc.property(seeds, sizes, (seed, [n, size]) => {
        const chosen = [...new NumpyGenerator(seed).choice(n, size)];
        expect(new Set(chosen).size).toBe(size);
        expect(chosen.every((value) => value < n)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it('shuffles without losing an item', () => {
    fc.assert(
      fc.property(seeds, fc.array(fc.nat()), (seed, items) => {
        const shuffled = Uint32Array.from(items);
        new NumpyGenerator(seed).shuffle(shuffled);
        expect([...shuffled].sort((a, b) => a - b)).toEqual([...items].sort((a, b) => a - b));
      }),
    );
  });

  it('pauses within a long shuffle', () => {
    const generator = new NumpyGenerator(1n);
    const pauses = [
      ...generator.shuffleInSteps(new Uint32Array(500_000)),
      ...generator.choiceInSteps(1_000_000, 400_000),
    ];
    expect(pauses.length).toBeGreaterThanOrEqual(12);
  });

  it.each<[string, (generator: NumpyGenerator) => unknown]>([
    ['an empty range', (generator) => generator.integers(0n, 1)],
    ['a range beyond int64', (generator) => generator.integers((1n << 63n) + 1n, 1)],
    [
      'a range of 0 to fill',
      (generator) => {
        generator.fill(new Uint32Array(1), 0);
      },
    ],
    [
      'a range above 32 bits to fill',
      (generator) => {
        generator.fill(new Uint32Array(1), 2 ** 32 + 1);
      },
    ],
    ['more items than there are', (generator) => generator.choice(4, 5)],
    ['half an item', (generator) => generator.choice(4, 1.5)],
    ['a negative number of items', (generator) => generator.choice(-1, 0)],
  ])('refuses %s', (_name, draw) => {
    expect(() => draw(new NumpyGenerator(0n))).toThrow(RangeError);
  });

  it('refuses a negative seed', () => {
    expect(() => new NumpyGenerator(-1n)).toThrow(RangeError);
  });
});

/** Seeds on stdin, one a line; on stdout, for each, the draws of `drawnHere`. */
const PYTHON = `
import sys, json, numpy
for line in sys.stdin:
    rng = numpy.random.default_rng(int(line))
    out = [rng.integers(0, high, 11).tolist() for high in (7, 2**32 - 5, 2**32, 2**40 + 1, 2**62 + 3)]
    out.append(rng.choice(10001, 201, replace=False).tolist())
    out.append(rng.choice(10001, 200, replace=False).tolist())
    items = numpy.arange(97)
    rng.shuffle(items)
    out.append(items.tolist())
    out.append(rng.integers(0, 2**33, 3).tolist())
    print(json.dumps([[str(value) for value in row] for row in out]))
`;

const numpy = spawnSync('python3', ['-c', 'import numpy'], { encoding: 'utf8' });
const missing = numpy.status === 0 ? '' : ' (skipped: python3 with numpy is not installed)';

describe.skipIf(missing !== '')(`beside the numpy that is installed${missing}`, () => {
  it('draws the same from 200 seeds', () => {
    const drawn = fc.sample(seeds, { seed: 7, numRuns: 200 });
    const python = spawnSync('python3', ['-c', PYTHON], { input: drawn.join('\n'), encoding: 'utf8' });
    expect(python.stderr).toBe('');
    const expected = python.stdout.trim().split('\n');
    expect(expected).toHaveLength(drawn.length);
    for (const [index, seed] of drawn.entries())
      expect(drawnHere(seed), `seed ${seed}`).toEqual(JSON.parse(expected[index] ?? ''));
  });
});

function drawnHere(seed: bigint): string[][] {
  const generator = new NumpyGenerator(seed);
  const rows: (readonly (number | bigint)[])[] = [7n, 2n ** 32n - 5n, 2n ** 32n, 2n ** 40n + 1n, 2n ** 62n + 3n].map(
    (high) => generator.integers(high, 11),
  );
  rows.push([...generator.choice(10_001, 201)], [...generator.choice(10_001, 200)]);
  const items = Uint32Array.from({ length: 97 }, (_none, index) => index);
  generator.shuffle(items);
  rows.push([...items], generator.integers(2n ** 33n, 3));
  return rows.map((row) => row.map(String));
}
