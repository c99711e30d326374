import { fixedEpsilon } from '@assay/core/judging/epsilon';
import { winsByMeanLoss, winsBySequence } from '@assay/core/judging/wins';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blocks, epsilons, losses, now } from './arbitraries.js';

const contestants = fc.uniqueArray(
  fc.record({
    uid: fc.nat(50),
    block: blocks,
    loss: losses,
    sequenceLosses: fc.array(losses, { minLength: 5, maxLength: 5 }),
  }),
  { selector: ({ uid }) => uid, minLength: 2, maxLength: 8 },
);

describe.each([
  ['winsByMeanLoss', winsByMeanLoss, 1],
  ['winsBySequence', winsBySequence, 5],
])('%s', (_name, winsOf, matchesPerPair) => {
  it('hands out no more wins than there are matches', () => {
    fc.assert(
      fc.property(contestants, epsilons, now, (all, epsilon, at) => {
        const records = [...winsOf(all, epsilon, at).values()];
        const pairs = (all.length * (all.length - 1)) / 2;
        expect(records.reduce((sum, { wins }) => sum + wins, 0)).toBeLessThanOrEqual(pairs * matchesPerPair);
        for (const { wins, winRate } of records) expect(winRate).toBe(wins / ((all.length - 1) * matchesPerPair));
      }),
    );
  });

  it('does not look at the order of uids', () => {
    fc.assert(
      fc.property(contestants, epsilons, now, (all, epsilon, at) => {
        const sorted = (records: Map<number, unknown>): unknown => [...records].sort(([a], [b]) => a - b);
        expect(sorted(winsOf([...all].reverse(), epsilon, at))).toEqual(sorted(winsOf(all, epsilon, at)));
      }),
    );
  });

  it('gives a lone one the rate 1', () => {
    expect(winsOf([{ uid: 3, block: 1, loss: 2, sequenceLosses: [2] }], fixedEpsilon(0), 5)).toEqual(
      new Map([[3, { wins: 0, winRate: 1 }]]),
    );
  });
});

describe('winsBySequence', () => {
  it('counts a match for each pair and sequence, each with the advantage of the earlier', () => {
    const early = { uid: 1, block: 1, loss: 2, sequenceLosses: [1, 2, 3] };
    const late = { uid: 2, block: 2, loss: 2, sequenceLosses: [0.95, 1.7, 3.35] };
    // 10 % off the earlier one's: 0.9, 1.8, 2.7 against 0.95, 1.7, 3.35.
    expect(winsBySequence([early, late], fixedEpsilon(0.1), 9)).toEqual(
      new Map([
        [1, { wins: 2, winRate: 2 / 3 }],
        [2, { wins: 1, winRate: 1 / 3 }],
      ]),
    );
  });

  it('gives nothing for matches that were not played', () => {
    const [full, empty] = [
      { uid: 1, block: 1, loss: 9, sequenceLosses: [9] },
      { uid: 2, block: 2, loss: 1, sequenceLosses: [] },
    ];
    expect(winsBySequence([full, empty], fixedEpsilon(0), 9).get(2)).toEqual({ wins: 0, winRate: 0 });
  });
});
