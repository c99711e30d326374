import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { competitive, fixedEpsilon } from '../../pretraining.js';
import { blocks, epsilons, losses } from './arbitraries.js';

const contestants = fc.uniqueArray(fc.record({ uid: fc.nat(50), loss: losses, block: blocks }), {
  selector: ({ uid }) => uid,
  minLength: 1,
  maxLength: 12,
});

describe('competitive', () => {
  it('always leaves someone', () => {
    fc.assert(
      fc.property(contestants, epsilons, (all, epsilon) => {
        expect(competitive(all, epsilon)).not.toEqual([]);
      }),
    );
  });

  it('leaves one model of each block at most', () => {
    fc.assert(
      fc.property(contestants, epsilons, (all, epsilon) => {
        const left = competitive(all, epsilon).map(({ block }) => block);
        expect(new Set(left).size).toBe(left.length);
      }),
    );
  });

  it('leaves losses that fall from block to block', () => {
    fc.assert(
      fc.property(contestants, epsilons, (all, epsilon) => {
        const left = competitive(all, epsilon).sort((a, b) => a.block - b.block);
        for (const [index, { loss }] of left.slice(1).entries())
          expect(loss).toBeLessThan((left[index]?.loss ?? 0) * (1 - epsilon.fullyDecayed));
      }),
    );
  });

  it.each([
    [
      'the better of one block',
      [
        { uid: 1, loss: 3, block: 9 },
        { uid: 2, loss: 2.9999, block: 9 },
      ],
      [2],
    ],
    [
      'the lower uid of equal ones',
      [
        { uid: 7, loss: 3, block: 9 },
        { uid: 2, loss: 3, block: 9 },
      ],
      [2],
    ],
    [
      'not a newer one within epsilon',
      [
        { uid: 1, loss: 3, block: 8 },
        { uid: 2, loss: 2.99, block: 9 },
      ],
      [1],
    ],
    [
      'a newer one beyond epsilon, and the older too',
      [
        { uid: 1, loss: 3, block: 8 },
        { uid: 2, loss: 2.9, block: 9 },
      ],
      [1, 2],
    ],
  ])('keeps %s', (_what, all, expected) => {
    expect(competitive(all, fixedEpsilon(0.01)).map(({ uid }) => uid)).toEqual(expected);
  });
});
