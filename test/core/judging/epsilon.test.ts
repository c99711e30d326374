import { epsilonFromDescription, linearDecay } from '@assay/core/judging/epsilon';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blocks, epsilons, now } from './arbitraries.js';

describe('epsilon functions', () => {
  it('never grow while time passes, and never fall below their end', () => {
    fc.assert(
      fc.property(epsilons, now, fc.nat(100_000), blocks, (epsilon, at, later, block) => {
        expect(epsilon.compute(at + later, block)).toBeLessThanOrEqual(epsilon.compute(at, block));
        expect(epsilon.compute(at, block)).toBeGreaterThanOrEqual(epsilon.fullyDecayed);
      }),
    );
  });

  it('give an earlier model no more than a later one', () => {
    fc.assert(
      fc.property(epsilons, now, blocks, fc.nat(100_000), (epsilon, at, block, earlier) => {
        expect(epsilon.compute(at, block - earlier)).toBeLessThanOrEqual(epsilon.compute(at, block));
      }),
    );
  });

  it('come back from their description', () => {
    fc.assert(
      fc.property(epsilons, now, blocks, (epsilon, at, block) => {
        const again = epsilonFromDescription(structuredClone(epsilon.describe()));
        expect(again.compute(at, block)).toBe(epsilon.compute(at, block));
        expect(again.fullyDecayed).toBe(epsilon.fullyDecayed);
      }),
    );
  });

  it('decay linearly between the commitment and the last block of the decay', () => {
    const epsilon = linearDecay({ start: 0.005, end: 0.0005, blocks: 1000 });
    expect([-5, 0, 500, 1000, 5000].map((age) => Number(epsilon.compute(2000 + age, 2000).toFixed(6)))).toEqual([
      0.005, 0.005, 0.00275, 0.0005, 0.0005,
    ]);
  });
});

describe('epsilonFromDescription', () => {
  it.each([
    [{ type: 'exponential' }, 'EPSILON_UNKNOWN'],
    [{ type: 'fixed' }, 'EPSILON_UNKNOWN'],
    [{ type: 'fixed', epsilon: 'much' }, 'EPSILON_UNKNOWN'],
    [{ type: 'fixed', epsilon: 1 }, 'EPSILON_OUT_OF_RANGE'],
    [{ type: 'fixed', epsilon: -0.1 }, 'EPSILON_OUT_OF_RANGE'],
    [{ type: 'fixed', epsilon: Number.NaN }, 'EPSILON_OUT_OF_RANGE'],
    [{ type: 'linear-decay', start: 0.1, end: 0.2, blocks: 5 }, 'EPSILON_OUT_OF_RANGE'],
    [{ type: 'linear-decay', start: 0.1, end: 0.1, blocks: 0 }, 'EPSILON_OUT_OF_RANGE'],
    [{ type: 'linear-decay', start: 0.1, end: 0.1 }, 'EPSILON_UNKNOWN'],
  ])('refuses %j', (description, code) => {
    expect(() => epsilonFromDescription(description)).toThrow(expect.objectContaining({ code, fault: 'config' }));
  });
});
