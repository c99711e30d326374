import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fixedEpsilon, isWin, winsByMeanLoss, winsBySequence, winsBySequenceInSteps } from '../../pretraining.js';
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

/** Losses that meet each other often, and what no loss should be. */
const anyLoss = fc.oneof(
  losses,
  fc.constantFrom(0, -0, 1, 1.0000000000000002, 0.9, 2, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
);

it('counts what every pair decides by itself, also for lists of different lengths', () => {
  const player = fc.record({
    uid: fc.nat(50),
    block: fc.oneof(blocks, fc.constantFrom(1, 2)),
    loss: anyLoss,
    sequenceLosses: fc.array(anyLoss, { maxLength: 4 }),
  });
  const all = fc.uniqueArray(player, { selector: ({ uid }) => uid, minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(all, epsilons, now, (players, epsilon, at) => {
      const records = winsBySequence(players, epsilon, at);
      for (const one of players) {
        let [wins, matches] = [0, 0];
        for (const other of players) {
          if (other === one) continue;
          for (const [index, loss] of one.sequenceLosses.entries()) {
            const theirs = other.sequenceLosses[index];
            if (theirs === undefined) continue;
            matches += 1;
            const pair = [
              { loss, block: one.block },
              { loss: theirs, block: other.block },
            ] as const;
            if (isWin(...pair, epsilon, at)) wins += 1;
          }
        }
        const winRate = players.length === 1 ? 1 : matches > 0 ? wins / matches : 0;
        expect(records.get(one.uid)).toEqual({ wins, winRate });
      }
    }),
    { numRuns: 500 },
  );
});

it('takes small steps, however many models and sequences there are', { timeout: 180_000 }, () => {
  const [models, sequences] = [1024, 300];
  const players = Array.from({ length: models }, (_none, uid) => ({
    uid,
    block: (uid * 7919) % 1000,
    loss: 1,
    sequenceLosses: Array.from({ length: sequences }, (_loss, index) => 2 + ((uid * 31 + index * 17) % 997) / 997),
  }));
  const steps = winsBySequenceInSteps(players, fixedEpsilon(0.005), 1000);
  let [count, longest] = [0, 0];
  for (let done = false; !done; count += 1) {
    const before = process.cpuUsage();
    done = steps.next().done === true;
    const { user, system } = process.cpuUsage(before);
    longest = Math.max(longest, (user + system) / 1000);
  }
  expect(count).toBe(sequences + 1);
  expect(longest).toBeLessThan(50);
});
