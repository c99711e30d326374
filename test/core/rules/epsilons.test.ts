import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RuleBook } from '@assay/core/rules/rule-book';
import type { RuleChoice } from '@assay/core/contracts/rule';

const book = new RuleBook();
const bound = (choice: RuleChoice): ReturnType<typeof book.bind<'epsilons'>>['rule'] =>
  book.bind('epsilons', choice).rule;

/** One instance of each epsilon that comes with core, with the values that its formula has. */
const INSTANCES: readonly [choice: RuleChoice, values: readonly [age: number, epsilon: number][]][] = [
  [
    { rule: 'fixed', epsilon: 0.005 },
    [
      [0, 0.005],
      [1e9, 0.005],
    ],
  ],
  [
    { rule: 'linear-decay', start: 0.005, end: 0.0005, blocks: 1000 },
    [
      [0, 0.005],
      [500, 0.00275],
      [1000, 0.0005],
      [9999, 0.0005],
    ],
  ],
  [
    { rule: 'exponential', start: 0.008, end: 0, halfLife: 100 },
    [
      [0, 0.008],
      [100, 0.004],
      [300, 0.001],
      [1e9, 0],
    ],
  ],
  [
    { rule: 'exponential', start: 0.01, end: 0.002, halfLife: 50 },
    [
      [0, 0.01],
      [50, 0.006],
      [100, 0.004],
    ],
  ],
  [
    {
      rule: 'piecewise',
      points: [
        { block: 10, epsilon: 0.02 },
        { block: 100, epsilon: 0.005 },
        { block: 500, epsilon: 0 },
      ],
    },
    [
      [0, 0.02],
      [10, 0.02],
      [99, 0.02],
      [100, 0.005],
      [499, 0.005],
      [500, 0],
      [1e6, 0],
    ],
  ],
];

describe.each(INSTANCES)('epsilon $rule', (choice, values) => {
  const epsilon = bound(choice);

  it.each(values)('of a claim that is %i blocks old is %d', (age, expected) => {
    expect(epsilon.compute(5_000_000 + age, 5_000_000)).toBeCloseTo(expected, 12);
  });

  it('stays in [0, 1), never grows with age, and counts a claim of the future as new', () => {
    const age = fc.integer({ min: 0, max: 100_000 });
    fc.assert(
      fc.property(age, age, (one, other) => {
        const [young, old] = [Math.min(one, other), Math.max(one, other)].map((blocks) => epsilon.compute(blocks, 0));
        expect(young).toBeLessThan(1);
        expect(old).toBeGreaterThanOrEqual(0);
        expect(old).toBeLessThanOrEqual(young ?? 0);
        expect(epsilon.compute(0, one)).toBe(epsilon.compute(0, 0));
      }),
    );
  });

  it('ends where it says', () => {
    expect(epsilon.compute(1e12, 0)).toBeCloseTo(epsilon.fullyDecayed, 12);
  });

  it('is rebuilt from what a round records', () => {
    const { record } = book.bind('epsilons', choice);
    const again = book.recorded('epsilons', structuredClone(record)).rule;
    expect([0, 77, 1e5].map((at) => again.compute(at, 0))).toEqual([0, 77, 1e5].map((at) => epsilon.compute(at, 0)));
  });
});

describe('parameters of an epsilon', () => {
  it.each<[choice: RuleChoice, code: string]>([
    [{ rule: 'no-such' }, 'RULE_UNKNOWN'],
    [{ rule: 'fixed' }, 'RULE_PARAMETERS'],
    [{ rule: 'fixed', epsilon: 'much' }, 'RULE_PARAMETERS'],
    [{ rule: 'fixed', epsilon: 1 }, 'RULE_PARAMETERS'],
    [{ rule: 'fixed', epsilon: -0.1 }, 'RULE_PARAMETERS'],
    [{ rule: 'fixed', epsilon: Number.NaN }, 'RULE_PARAMETERS'],
    [{ rule: 'fixed', epsilon: 0.1, blocks: 3 }, 'RULE_PARAMETERS'],
    [{ rule: 'linear-decay', start: 0.1, end: 0.2, blocks: 5 }, 'RULE_PARAMETERS'],
    [{ rule: 'linear-decay', start: 0.1, end: 0.1, blocks: 0 }, 'RULE_PARAMETERS'],
    [{ rule: 'exponential', start: 0.1, end: 0.2, halfLife: 5 }, 'RULE_PARAMETERS'],
    [{ rule: 'exponential', start: 0.1, end: 0, halfLife: 0 }, 'RULE_PARAMETERS'],
    [{ rule: 'piecewise', points: [] }, 'RULE_PARAMETERS'],
    [
      {
        rule: 'piecewise',
        points: [
          { block: 5, epsilon: 0.1 },
          { block: 5, epsilon: 0 },
        ],
      },
      'RULE_PARAMETERS',
    ],
    [
      {
        rule: 'piecewise',
        points: [
          { block: 0, epsilon: 0.1 },
          { block: 5, epsilon: 0.2 },
        ],
      },
      'RULE_PARAMETERS',
    ],
  ])('%j: %s', (choice, code) => {
    expect(() => book.bind('epsilons', choice)).toThrow(expect.objectContaining({ code, fault: 'config' }));
  });
});
