import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linearDecay } from '../../pretraining.js';
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

  it('decay linearly between the commitment and the last block of the decay', () => {
    const epsilon = linearDecay({ start: 0.005, end: 0.0005, blocks: 1000 });
    expect([-5, 0, 500, 1000, 5000].map((age) => Number(epsilon.compute(2000 + age, 2000).toFixed(6)))).toEqual([
      0.005, 0.005, 0.00275, 0.0005, 0.0005,
    ]);
  });
});
