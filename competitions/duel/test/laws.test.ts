import { kingChain } from '@assay/competition-duel/dist/standing/king-chain.js';
import type { MatchRule, ScoredContender } from '@assay/core/contracts/match-rule';
import { isAssayError } from '@assay/core/errors/assay-error';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contender, contextOf, firstOf, KING, lineOf, played, ruleWith } from './rounds.js';

const loss = fc.double({ min: -4, max: 12, noNaN: true });
const lossList = fc.array(loss, { minLength: 1, maxLength: 40 });
const seed = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }).map(String);
const margin = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 0.9, noNaN: true }));
const parameters = fc.record({
  margin,
  seed,
  relative: fc.boolean(),
  alpha: fc.double({ min: 0.001, max: 0.999, noNaN: true }),
  resamples: fc.integer({ min: 1, max: 40 }),
});
/** King, and challengers that differ from it by little or by much. */
const field = fc
  .tuple(
    lossList,
    fc.array(fc.tuple(fc.double({ min: -1, max: 1, noNaN: true }), fc.nat(5)), { minLength: 1, maxLength: 4 }),
  )
  .map(([losses, challengers]) => [
    contender(KING, losses),
    ...challengers.map(([lead, bent], index) =>
      contender(
        index + 1,
        losses.map((value, at) => value - lead * ((at * 7 + bent) % 5 === 0 ? -1 : 1)),
        { block: 200 + (index % 2) },
      ),
    ),
  ]);

describe('the law of the duel', () => {
  it('an exact copy never dethrones', () => {
    fc.assert(
      fc.property(parameters, lossList, (given, losses) => {
        const copies = [1, 2].map((uid) => contender(uid, losses));
        expect(played(ruleWith(given), [contender(KING, losses), ...copies]).winner).toBe(KING);
      }),
    );
  });

  it('the order of contenders does not matter', () => {
    fc.assert(
      fc.property(parameters, field, fc.array(fc.nat(), { minLength: 5, maxLength: 5 }), (given, contenders, order) => {
        const shuffled = contenders
          .map((one, index) => ({ one, at: order[index] ?? 0 }))
          .sort((a, b) => a.at - b.at)
          .map(({ one }) => one);
        const samples = contextOf(contenders[0]?.tasks[0]?.losses.length ?? 0);
        const [one, other] = [played(ruleWith(given), contenders, samples), played(ruleWith(given), shuffled, samples)];
        expect(other.winner).toBe(one.winner);
        expect(new Map(other.records)).toEqual(new Map(one.records));
      }),
    );
  });

  it('there is one winner, who has a record, and as many wins as matches are played', () => {
    fc.assert(
      fc.property(parameters, field, (given, contenders) => {
        const { records, winner } = played(ruleWith(given), contenders);
        expect(records.has(winner ?? NaN)).toBe(true);
        const all = [...records.values()];
        const [wins, matches] = [all, all].map((list, index) =>
          list.reduce((sum, one) => sum + (index === 0 ? one.wins : one.matches), 0),
        );
        expect([wins, matches]).toEqual([contenders.length - 1, 2 * (contenders.length - 1)]);
      }),
    );
  });
});

/** A round as the loop plays it: part by part, until the rule says that it is certain. */
function run(rule: MatchRule, contenders: readonly ScoredContender[], samples: number): ScoredContender[] {
  const every = rule.earlyStop?.every ?? samples;
  for (let done = every; done < samples; done += every) {
    const part = firstOf(contenders, done);
    if (rule.earlyStop?.stops(part, contextOf(samples))) return part;
  }
  return [...contenders];
}

describe('the law of the early stop', () => {
  const stopping = fc.record({
    margin,
    resamples: fc.constant(20),
    earlyStop: fc.record({
      every: fc.integer({ min: 1, max: 12 }),
      quantile: fc.double({ min: 0.1, max: 1, noNaN: true }),
      fraction: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  });

  it('a stop crowns nobody', () => {
    fc.assert(
      fc.property(stopping, field, (given, contenders) => {
        const samples = contenders[0]?.tasks[0]?.losses.length ?? 0;
        const ended = run(ruleWith(given), contenders, samples);
        const outcome = played(ruleWith(given), ended, contextOf(samples));
        const isStopped = (ended[0]?.tasks[0]?.losses.length ?? 0) < samples;
        if (!isStopped) return;
        expect(outcome.winner).toBe(KING);
        for (const { uid } of contenders.slice(1)) expect(lineOf(outcome, uid).values?.['verdict']).toBe('stopped');
      }),
    );
  });

  it('a replay from the losses on record equals the run, and no other length is taken for it', () => {
    fc.assert(
      fc.property(stopping, field, (given, contenders) => {
        const samples = contenders[0]?.tasks[0]?.losses.length ?? 0;
        const ended = run(ruleWith(given), contenders, samples);
        const length = ended[0]?.tasks[0]?.losses.length ?? 0;
        // The record is JSON.
        const recorded = JSON.parse(JSON.stringify(ended)) as ScoredContender[];
        const replay = ruleWith(JSON.parse(JSON.stringify(given)) as object);
        expect(played(replay, recorded, contextOf(samples))).toEqual(
          played(ruleWith(given), ended, contextOf(samples)),
        );
        for (let done = given.earlyStop.every; done < length; done += given.earlyStop.every) {
          expect(replay.earlyStop?.stops(firstOf(recorded, done), contextOf(samples))).toBe(false);
          expect(codeOf(() => played(replay, firstOf(recorded, done), contextOf(samples)))).toBe('SEQUENCES_DIFFER');
        }
      }),
    );
  });
});

function codeOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return isAssayError(error) ? error.code : String(error);
  }
}

describe('the law of the chain', () => {
  const winners = fc.array(fc.nat(6), { maxLength: 12 });
  const seated = fc.uniqueArray(fc.nat(6));

  it('shares are equal, of registered hotkeys of the last reigns, and sum to 1 or to nothing', () => {
    fc.assert(
      fc.property(winners, seated, fc.integer({ min: 1, max: 7 }), (crowned, registered, kings) => {
        const rule = kingChain.bind(kingChain.parameters.parse({ kings }));
        const seats = registered.map((name, uid) => ({ uid, hotkey: `hotkey-${name}` }));
        let state = rule.first;
        for (const [round, name] of crowned.entries()) {
          const reference = { namespace: 'miner', name: `model-${round}`, revision: '0'.repeat(40) };
          const one = { uid: name, hotkey: `hotkey-${name}`, block: round, digest: String(round), reference };
          const contenders = [{ ...one, score: 1, record: null }];
          state = rule.next(state, { contenders, winner: name, seats, block: round }).state;
        }
        const last = new Set(crowned.slice(-kings));
        const paid = registered.filter((name) => last.has(name)).length;
        const shares = state ? rule.shares(state, seats) : [];
        for (const [uid, share] of shares.entries())
          expect(share).toBeCloseTo(last.has(registered[uid] ?? -1) ? 1 / paid : 0, 8);
        expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(paid > 0 ? 1 : 0, 7);
      }),
    );
  });
});
