import { quantizeWeights } from '@assay/core/judging/quantize';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const share = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1, noNaN: true }));
const shares = fc.array(share, { minLength: 1, maxLength: 256 }).filter((all) => all.some((one) => one > 1e-300));

describe('quantizeWeights', () => {
  it('gives the highest 65535 and everyone else their proportion of it', () => {
    fc.assert(
      fc.property(shares, (all) => {
        const { uids, weights } = quantizeWeights(all, { minAllowedWeights: 0 });
        const highest = Math.max(...all);
        expect(Math.max(...weights)).toBe(65_535);
        expect(weights[uids.indexOf(all.indexOf(highest))]).toBe(65_535);
        for (const [uid, part] of all.entries()) {
          const found = uids.includes(uid) ? (weights[uids.indexOf(uid)] ?? 0) : 0;
          expect(Math.abs(found - (part / highest) * 65_535)).toBeLessThanOrEqual(0.5);
        }
      }),
    );
  });

  it('names uids in ascending order, each once, none with zero', () => {
    fc.assert(
      fc.property(shares, (all) => {
        const { uids, weights } = quantizeWeights(all, { minAllowedWeights: 0 });
        expect(uids).toEqual([...new Set(uids)].sort((a, b) => a - b));
        expect(weights.every((weight) => Number.isInteger(weight) && weight > 0)).toBe(true);
        expect(weights).toHaveLength(uids.length);
      }),
    );
  });

  // From the SDK's convert_weights_and_uids_for_emit.
  it.each([
    [[0, 0, 0], [], []],
    [[0, 0, 1e-6], [2], [65_535]],
    [
      [1, 0.5],
      [0, 1],
      [65_535, 32_768],
    ],
    [
      [65_535, 0.5, 1.5, 2.5],
      [0, 2, 3],
      [65_535, 2, 2],
    ],
  ])('turns %j into %j and %j', (all, uids, weights) => {
    expect(quantizeWeights(all, { minAllowedWeights: 0 })).toEqual({ uids, weights });
  });

  it('fills up with zeros for the lowest uids that are taken, and never with weight', () => {
    const cases = fc.tuple(shares, fc.nat(300), fc.uniqueArray(fc.nat(300), { maxLength: 300 }));
    fc.assert(
      fc.property(cases, ([all, minAllowedWeights, others]) => {
        const holders = all.flatMap((part, uid) => (part > 0 ? [uid] : []));
        const taken = [...new Set([...holders, ...others])].sort((a, b) => a - b);
        const plain = quantizeWeights(all, { minAllowedWeights: 0 });
        const { uids, weights } = quantizeWeights(all, { minAllowedWeights, uids: taken });
        const added = uids.filter((uid) => !plain.uids.includes(uid));
        expect(uids.filter((uid) => !added.includes(uid))).toEqual(plain.uids);
        expect(weights.filter((weight) => weight > 0)).toEqual(plain.weights);
        expect(uids).toHaveLength(Math.max(plain.uids.length, Math.min(minAllowedWeights, taken.length)));
        expect(added).toEqual(taken.filter((uid) => !plain.uids.includes(uid)).slice(0, added.length));
        expect(uids).toEqual([...uids].sort((a, b) => a - b));
      }),
    );
  });

  it.each([
    [[0.5, 0, 0, 0.5], undefined, [0, 1, 3], [65_535, 0, 65_535]],
    [
      [0.5, 0, 0, 0.5],
      [0, 2, 3],
      [0, 2, 3],
      [65_535, 0, 65_535],
    ],
    // A subnet smaller than its own minimum asks for all of its uids.
    [[1, 0], undefined, [0, 1], [65_535, 0]],
    [[0, 0, 0, 0], undefined, [], []],
  ])('of %j, with uids %j taken, sends %j and %j where three are asked for', (all, taken, uids, weights) => {
    const options = { minAllowedWeights: 3, ...(taken ? { uids: taken } : {}) };
    expect(quantizeWeights(all, options)).toEqual({ uids, weights });
  });

  it.each([[[Number.NaN]], [[Number.POSITIVE_INFINITY, 1]], [[-0.1, 1]]])('refuses %j', (all) => {
    expect(() => quantizeWeights(all, { minAllowedWeights: 0 })).toThrow(
      expect.objectContaining({ code: 'WEIGHT_NOT_FINITE' }),
    );
  });
});
