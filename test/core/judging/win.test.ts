import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isWin } from '../../pretraining.js';
import { blocks, epsilons, losses, now } from './arbitraries.js';

const claim = fc.record({ loss: losses, block: blocks });

describe('isWin', () => {
  it('never lets a copy beat its earlier original', () => {
    fc.assert(
      fc.property(claim, fc.nat(100_000), epsilons, now, (original, delay, epsilon, at) => {
        expect(isWin({ loss: original.loss, block: original.block + delay }, original, epsilon, at)).toBe(false);
      }),
    );
  });

  it('has one winner at most', () => {
    fc.assert(
      fc.property(claim, claim, epsilons, now, (a, b, epsilon, at) => {
        expect(isWin(a, b, epsilon, at) && isWin(b, a, epsilon, at)).toBe(false);
      }),
    );
  });

  it('goes to nobody when two of one block are equal', () => {
    fc.assert(
      fc.property(claim, epsilons, now, (one, epsilon, at) => {
        expect(isWin(one, { ...one }, epsilon, at)).toBe(false);
      }),
    );
  });

  it('stays won when the loss falls', () => {
    fc.assert(
      fc.property(
        claim,
        claim,
        fc.double({ min: 0, max: 1, noNaN: true }),
        epsilons,
        now,
        (a, b, factor, epsilon, at) => {
          if (isWin(a, b, epsilon, at)) expect(isWin({ ...a, loss: a.loss * factor }, b, epsilon, at)).toBe(true);
        },
      ),
    );
  });

  it('is lost by a loss that is none', () => {
    fc.assert(
      fc.property(claim, blocks, epsilons, now, (other, block, epsilon, at) => {
        expect(isWin({ loss: Number.NaN, block }, other, epsilon, at)).toBe(false);
        expect(isWin({ loss: Number.POSITIVE_INFINITY, block }, other, epsilon, at)).toBe(false);
      }),
    );
  });
});
