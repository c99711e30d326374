import { roundAt, timeOf } from '@assay/lib-timelock';
import {
  epochAt,
  firstBlockOf,
  firstReveal,
  revealRound,
  type EpochState,
} from '@assay/plugin-subtensor/dist/submit/reveal-schedule.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

type Counter = NonNullable<EpochState['counter']>;

/** Epoch of a block by going through every block as the runtime does. */
function slowEpochAt({ block: from, tempo, counter }: EpochState & { counter: Counter }, block: number): number {
  let { lastEpochBlock, pendingEpochAt, epochIndex, blocksSinceLastStep } = counter;
  for (let now = from + 1; now <= block; now += 1) {
    blocksSinceLastStep += 1;
    const asked = pendingEpochAt > 0 && now >= pendingEpochAt;
    if (!asked && blocksSinceLastStep <= 50_400 && now - lastEpochBlock < tempo) continue;
    [lastEpochBlock, pendingEpochAt, blocksSinceLastStep] = [now, 0, 0];
    epochIndex += 1;
  }
  return epochIndex;
}

const counted = fc
  .record({
    block: fc.integer({ min: 1000, max: 2000 }),
    tempo: fc.integer({ min: 1, max: 60 }),
    since: fc.integer({ min: 0, max: 90 }),
    asked: fc.option(fc.integer({ min: -20, max: 80 })),
    epochIndex: fc.nat({ max: 1000 }),
    blocksSinceLastStep: fc.oneof(fc.nat({ max: 90 }), fc.integer({ min: 50_350, max: 50_500 })),
  })
  .map(({ block, tempo, since, asked, epochIndex, blocksSinceLastStep }): EpochState & { counter: Counter } => ({
    netuid: 9,
    block,
    tempo,
    counter: {
      lastEpochBlock: block - since,
      pendingEpochAt: asked === null ? 0 : block + asked,
      epochIndex,
      blocksSinceLastStep,
    },
  }));

describe('epochs of a subnet', () => {
  it('are counted as the runtime counts them, block after block', () => {
    fc.assert(
      fc.property(counted, fc.integer({ min: 1, max: 200 }), (state, ahead) => {
        expect(epochAt(state, state.block + ahead)).toBe(slowEpochAt(state, state.block + ahead));
      }),
    );
  });

  it('begin at the first block that belongs to them', () => {
    fc.assert(
      fc.property(counted, fc.integer({ min: 1, max: 5 }), (state, more) => {
        const epoch = state.counter.epochIndex + more;
        const first = firstBlockOf(state, epoch);
        expect(slowEpochAt(state, first)).toBe(epoch);
        expect(first === state.block + 1 || slowEpochAt(state, first - 1) === epoch - 1).toBe(true);
      }),
    );
  });

  it('begin every tempo + 1 blocks where the chain does not count them', () => {
    fc.assert(
      fc.property(
        fc.record({
          netuid: fc.nat({ max: 200 }),
          block: fc.integer({ min: 1000, max: 9e6 }),
          tempo: fc.integer({ min: 1, max: 400 }),
        }),
        fc.integer({ min: 1, max: 3 }),
        (given, period) => {
          const state: EpochState = { ...given, counter: undefined };
          const reveal = firstReveal(state, given.block + 1, period);
          expect(epochAt(state, reveal)).toBe(epochAt(state, given.block + 1) + period);
          expect(epochAt(state, reveal - 1)).toBe(epochAt(state, reveal) - 1);
        },
      ),
    );
  });

  it('are refused where none run', () => {
    const stopped: EpochState = { netuid: 9, block: 100, tempo: 0, counter: undefined };
    expect(() => epochAt(stopped, 101)).toThrow(expect.objectContaining({ code: 'EPOCHS_STOPPED' }) as Error);
  });
});

describe('the round of a reveal', () => {
  it('is published between the reveal and three blocks later, by the clock of the chain', () => {
    fc.assert(
      fc.property(
        fc.record({ block: fc.nat({ max: 9e6 }), time: fc.integer({ min: 1_700_000_000, max: 2_000_000_000 }) }),
        fc.integer({ min: 1, max: 51_000 }),
        fc.constantFrom(0.25, 12),
        (at, ahead, blockTime) => {
          const published = timeOf(revealRound(at.block + ahead, at, blockTime));
          const reveal = at.time + ahead * blockTime;
          expect(published).toBeLessThanOrEqual(reveal + 3 * blockTime);
          expect(published).toBeGreaterThan(reveal + 3 * blockTime - 9);
        },
      ),
    );
  });

  it('is 1 before the first one', () => {
    expect(revealRound(10, { block: 1, time: 0 }, 12)).toBe(1);
    expect(roundAt(0)).toBe(1);
  });
});
