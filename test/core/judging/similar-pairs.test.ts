import { createHash } from 'node:crypto';
import type { SampledTensor } from '@assay/core/contracts/evaluator';
import type { UsedTensor } from '@assay/core/contracts/model';
import type { SimilarPair, WantedSimilarity } from '@assay/core/contracts/similarity';
import { similarPairs, type KnownContender } from '@assay/core/judging/similar-pairs';
import { finish } from '@assay/core/judging/steps';
import { tensorDistance } from '@assay/core/judging/tensor-distance';
import { tensorListOf } from '@assay/core/model/tensor-list';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

/** A tensor of a hundred elements for each word; the same word has the same content. */
const tensorOf = (content: string, change: Partial<UsedTensor> = {}): UsedTensor => ({
  ...{ name: content, dtype: 'BF16', shape: [10, 10] },
  digest: createHash('sha256').update(content).digest('hex'),
  ...change,
});

const listOf = (...contents: string[]) => tensorListOf(contents.map((content) => tensorOf(content)));

const contenderOf = (uid: number, block: number, contents: string[], sample?: SampledTensor[]): KnownContender => ({
  ...{ uid, hotkey: `hotkey-${uid}`, block, list: listOf(...contents) },
  tensorsDigest: createHash('sha256').update(contents.join()).digest('hex'),
  ...(sample ? { sample } : {}),
});

const pairsOf = (contenders: KnownContender[], ...wanted: WantedSimilarity[]): SimilarPair[] =>
  finish(similarPairs(contenders, wanted));
const shown = (pairs: SimilarPair[]): [later: number, earlier: number, share: number][] =>
  pairs.map(({ later, earlier, share }) => [later.uid, earlier.uid, share]);

describe('the list of the tensors of a model', () => {
  it('knows a tensor by content, type and shape, and not by its name', () => {
    const keyOf = (change: Partial<UsedTensor>): string | undefined =>
      tensorListOf([tensorOf('a', change)]).tensors[0]?.[0];
    expect(keyOf({ name: 'another.layer' })).toBe(keyOf({}));
    for (const change of [{ dtype: 'F16' }, { shape: [100] }, { digest: '0'.repeat(64) }])
      expect(keyOf(change)).not.toBe(keyOf({}));
  });

  it('has the largest first, and neither constant ones nor empty ones', () => {
    const { weights, tensors } = tensorListOf([
      tensorOf('small', { shape: [3] }),
      tensorOf('ones', { shape: [50], constant: true }),
      tensorOf('none', { shape: [0, 5] }),
      tensorOf('large', { shape: [7, 7] }),
    ]);
    expect([weights, tensors.map(([, elements]) => elements)]).toEqual([52, [49, 3]]);
  });

  it('is bounded, and counts what it leaves out', () => {
    const many = Array.from({ length: 5000 }, (_none, index) => tensorOf(`t${index}`, { shape: [1 + (index % 7)] }));
    const { weights, tensors } = tensorListOf(many);
    expect(tensors).toHaveLength(4096);
    expect(weights).toBe(many.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0));
  });
});

describe('pairs of contenders', () => {
  it.each<[what: string, contenders: KnownContender[], expected: [number, number, number][]]>([
    ['one that is alone', [contenderOf(1, 10, ['a', 'b'])], []],
    ['two with nothing in common', [contenderOf(1, 10, ['a', 'b']), contenderOf(2, 11, ['c', 'd'])], []],
    ['a copy', [contenderOf(1, 10, ['a', 'b']), contenderOf(2, 11, ['a', 'b'])], [[2, 1, 1]]],
    ['tensors in another order', [contenderOf(1, 10, ['a', 'b']), contenderOf(2, 11, ['b', 'a'])], [[2, 1, 1]]],
    [
      'three of four tensors',
      [contenderOf(1, 10, ['a', 'b', 'c', 'd']), contenderOf(2, 11, ['a', 'b', 'c', 'x'])],
      [[2, 1, 0.75]],
    ],
    ['less than half', [contenderOf(1, 10, ['a', 'b', 'c']), contenderOf(2, 11, ['a', 'x', 'y'])], []],
    [
      'a model that repeats the layers of another: all of its weights are that one’s',
      [contenderOf(1, 10, ['a', 'b']), contenderOf(2, 11, ['a', 'a', 'b', 'b'])],
      [[2, 1, 1]],
    ],
    [
      'a part of another: all of the later one’s weights',
      [contenderOf(1, 10, ['a', 'b', 'c', 'd']), contenderOf(2, 11, ['b'])],
      [[2, 1, 1]],
    ],
    [
      'an earlier model is not told to be like a later one',
      [contenderOf(1, 10, ['a']), contenderOf(2, 11, ['a', 'b', 'c'])],
      [],
    ],
    [
      'in one block the higher uid stands for the later one',
      [contenderOf(9, 10, ['a', 'b']), contenderOf(2, 10, ['a', 'b'])],
      [[9, 2, 1]],
    ],
    [
      'the block says who is the later one',
      [contenderOf(9, 10, ['a', 'b']), contenderOf(2, 11, ['a', 'b'])],
      [[2, 9, 1]],
    ],
    ['models of constants only', [contenderOf(1, 10, []), contenderOf(2, 11, [])], []],
  ])('%s', (_what, contenders, expected) => {
    expect(shown(pairsOf(contenders))).toEqual(expected);
  });

  it('are told of from the share on that a check asks for', () => {
    const pair = [contenderOf(1, 10, ['a', 'b', 'c', 'd']), contenderOf(2, 11, ['a', 'x', 'y', 'z'])];
    expect(shown(pairsOf(pair, { share: 0.2 }))).toEqual([[2, 1, 0.25]]);
    expect(shown(pairsOf(pair, { share: 0.9 }))).toEqual([]);
    expect(shown(pairsOf([contenderOf(1, 10, ['a', 'b']), contenderOf(2, 11, ['a', 'x'])], { share: 0.9 }))).toEqual([
      [2, 1, 0.5],
    ]);
  });

  it('are the three most alike, the earliest of equal ones, whatever copies of one block stand beside them', () => {
    const crowd = [
      ...Array.from({ length: 6 }, (_none, index) => contenderOf(index, 10 + index, ['a', 'b'])),
      ...Array.from({ length: 5 }, (_none, index) => contenderOf(20 + index, 50, ['a', 'b'])),
      contenderOf(40, 50, ['a', 'b']),
    ];
    const earlier = pairsOf(crowd).filter(({ later }) => later.uid === 40);
    expect(earlier.map((pair) => pair.earlier.uid)).toEqual([0, 1, 2, 20, 21, 22]);
  });

  const contents = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 6 });
  const worlds = fc.uniqueArray(fc.tuple(fc.nat(20), fc.integer({ min: 1, max: 5 }), contents), {
    selector: ([uid]) => uid,
    maxLength: 7,
  });

  it('do not depend on the order in which models were looked at, and are what counting says', () => {
    fc.assert(
      fc.property(worlds, (given) => {
        const contenders = given.map((one) => contenderOf(...one));
        const pairs = pairsOf(contenders, { share: 0.001 });
        expect(pairsOf([...contenders].reverse(), { share: 0.001 })).toEqual(pairs);
        for (const { later, earlier, share } of pairs) {
          const [own = [], other = []] = [later, earlier].map(
            (seat) => given.find(([uid]) => uid === seat.uid)?.[2] ?? [],
          );
          const common = own.filter((content) => other.includes(content)).length;
          expect(share).toBeCloseTo(common / own.length, 5);
        }
      }),
    );
  });
});

const floats = (...values: number[]): Float32Array => Float32Array.from(values);
const finite = fc.float({ noNaN: true, noDefaultInfinity: true, min: -1000, max: 1000 });

describe('the distance of two tensors', () => {
  it.each<[what: string, a: Float32Array, b: Float32Array, expected: object | undefined]>([
    ['equal ones', floats(1, 2), floats(1, 2), { cosine: 1, difference: 0, residual: 0 }],
    ['opposite ones', floats(1, 2), floats(-1, -2), { cosine: -1, difference: 2, residual: 0 }],
    ['one that is scaled', floats(1, 2), floats(2, 4), { cosine: 1, difference: 0.5, residual: 0 }],
    ['at a right angle', floats(1, 0), floats(0, 1), { cosine: 0, difference: Math.SQRT2, residual: 1 }],
    ['nothing beside something', floats(0, 0), floats(1, 2), { cosine: 0, difference: 1, residual: 1 }],
    ['a constant', floats(1, 1), floats(1, 1), undefined],
    ['other numbers of values', floats(1, 2, 3), floats(1, 2), undefined],
    ['no values', floats(), floats(), undefined],
    ['not a number in the first', floats(Number.NaN, 2), floats(1, 2), undefined],
    ['not a number in the second', floats(1, 2), floats(1, Number.NaN), undefined],
    ['infinity', floats(1, 2), floats(1, Infinity), undefined],
  ])('%s', (_what, a, b, expected) => {
    if (!expected) expect(tensorDistance(a, b)).toBeUndefined();
    else
      for (const [key, value] of Object.entries(expected))
        expect(Object.entries(tensorDistance(a, b) ?? {})).toContainEqual([key, expect.closeTo(Number(value), 12)]);
  });

  it('is within its bounds, and the same both ways', () => {
    const values = fc.array(finite, { minLength: 2, maxLength: 20 });
    fc.assert(
      fc.property(values, values, (one, other) => {
        const length = Math.min(one.length, other.length);
        const [a, b] = [floats(...one.slice(0, length)), floats(...other.slice(0, length))];
        const [there, back] = [tensorDistance(a, b), tensorDistance(b, a)];
        if (!there || !back) return;
        for (const { cosine, difference, residual } of [there, back]) {
          expect(Math.abs(cosine)).toBeLessThanOrEqual(1);
          expect(difference).toBeGreaterThanOrEqual(0);
          expect(difference).toBeLessThanOrEqual(2 + 1e-9);
          expect(residual).toBeLessThanOrEqual(1 + 1e-9);
        }
        expect(back.difference).toBeCloseTo(there.difference, 9);
        expect(back.cosine).toBeCloseTo(there.cosine, 9);
      }),
    );
  });
});

describe('the sampled distance of a pair', () => {
  const VALUES = Array.from({ length: 64 }, (_none, index) => Math.sin(index + 1));
  const sampleOf = (change: (value: number, index: number) => number, name = 'w', shape = [10, 10]): SampledTensor => ({
    ...{ name, shape },
    values: Float32Array.from(VALUES, change),
  });
  const same = sampleOf((value) => value);
  const noisy = (size: number): SampledTensor => sampleOf((value, index) => value + size * Math.cos(7 * index));
  const nearOf = (
    later: SampledTensor[],
    earlier: SampledTensor[],
    within = 0.01,
    weights = ['w'],
  ): number | undefined =>
    pairsOf([contenderOf(1, 10, ['x'], earlier), contenderOf(2, 11, weights, later)], {
      share: 1e-6,
      within,
    })[0]?.distance?.near.find((one) => one.within === within)?.share;

  it.each<[what: string, later: SampledTensor[], near: number | undefined]>([
    ['equal values in another type', [same], 1],
    ['a little noise', [noisy(0.005)], 1],
    ['noise of two percent', [noisy(0.02)], undefined],
    ['a tensor that was scaled', [sampleOf((value) => 2 * value)], 1],
    ['the same values under another name', [sampleOf((value) => value, 'other')], undefined],
    ['the same values in another shape', [sampleOf((value) => value, 'w', [100])], undefined],
    ['values that are not finite', [sampleOf((value, index) => (index === 5 ? Number.NaN : value))], undefined],
  ])('%s', (_what, later, near) => {
    expect(nearOf(later, [same])).toBe(near);
  });

  it('counts what is near as a share of all of the later model, also of what was not sampled', () => {
    expect(nearOf([noisy(0.001)], [same], 0.01, ['w', 'rest', 'more', 'last'])).toBe(0.25);
  });

  it('weighs a tensor by its elements', () => {
    const small = { ...sampleOf((value) => value, 'small', [1]), values: floats(1, 2) };
    const { distance } =
      pairsOf(
        [
          contenderOf(1, 10, ['x'], [same, small]),
          contenderOf(2, 11, ['y'], [same, { ...small, values: floats(2, -1) }]),
        ],
        { share: 0.1, within: 0.1 },
      )[0] ?? {};
    expect(distance?.cosine).toBeCloseTo(100 / 101, 5);
    expect(distance?.difference).toBeCloseTo(Math.SQRT2 / 101, 5);
  });

  it('is not there where no check asks, or one of the two could not be read', () => {
    const [earlier, later] = [contenderOf(1, 10, ['w'], [same]), contenderOf(2, 11, ['w'], [same])];
    expect(pairsOf([earlier, later])[0]?.distance).toBeUndefined();
    expect(pairsOf([earlier, later], { share: 0.5 })[0]?.distance).toBeUndefined();
    expect(pairsOf([contenderOf(1, 10, ['w']), later], { share: 0.5, within: 0.1 })[0]?.distance).toBeUndefined();
    expect(pairsOf([earlier, later], { share: 0.5, within: 0.1 })[0]?.distance?.near).toEqual([
      { within: 0.1, share: 1 },
    ]);
  });

  it('answers each difference that a check asks about', () => {
    const pair = [contenderOf(1, 10, ['x'], [same]), contenderOf(2, 11, ['y'], [noisy(0.02)])];
    const [found] = pairsOf(pair, { share: 0.5, within: 0.1 }, { share: 0.5, within: 0.001 });
    expect(found?.distance?.near).toEqual([
      { within: 0.001, share: 0 },
      { within: 0.1, share: 1 },
    ]);
  });
});
