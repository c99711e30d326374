import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RoundRules, fixedEpsilon, judgeRound } from '../../pretraining.js';
import { blocks, contenders, failed, losses, now, rules, scored, SEQUENCES } from './arbitraries.js';

const plain: RoundRules = {
  epsilon: fixedEpsilon(0.005),
  comparison: 'mean-loss',
  temperature: 0.01,
  alpha: 0.5,
  keepThreshold: 0.001,
  sampleMin: 5,
};
/** Averages hand out no more than everything. */
const averages = fc.option(
  fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 41, maxLength: 41 }).map((all) => {
    const sum = all.reduce((total, weight) => total + weight, 0);
    return sum > 1 ? all.map((weight) => weight / sum) : all;
  }),
  { nil: undefined },
);

describe('judgeRound: laws', () => {
  it('does not look at the order of the contenders', () => {
    fc.assert(
      fc.property(
        contenders.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
        averages,
        now,
        rules,
        ([all, shuffled], before, at, rule) => {
          expect(judgeRound(shuffled, before, at, rule)).toEqual(judgeRound(all, before, at, rule));
        },
      ),
    );
  });

  it('hands out one whole weight among those who have a score, or is void and changes nothing', () => {
    fc.assert(
      fc.property(contenders, averages, now, rules, (all, before, at, rule) => {
        const given = structuredClone(before);
        const verdict = judgeRound(all, before, at, rule);
        expect(before).toEqual(given);
        if (verdict.void) {
          expect(verdict.average).toEqual(before ?? []);
          expect([verdict.winner, verdict.keep]).toEqual([null, []]);
          return;
        }
        expect(verdict.contenders.reduce((sum, { stepWeight }) => sum + stepWeight, 0)).toBeCloseTo(1, 4);
        for (const { score, stepWeight, competitive } of verdict.contenders)
          if (score === null) expect([stepWeight, competitive]).toEqual([0, false]);
        expect(verdict.contenders.find(({ uid }) => uid === verdict.winner?.uid)?.competitive).toBe(true);
        expect(verdict.keep.length).toBeLessThanOrEqual(rule.sampleMin);
      }),
    );
  });

  it('treats who failed by the own doing as if absent', () => {
    fc.assert(
      fc.property(contenders, now, rules, (all, at, rule) => {
        const present = all.filter(({ outcome }) => outcome.status === 'scored');
        fc.pre(present.length > 0);
        const [whole, without] = [judgeRound(all, undefined, at, rule), judgeRound(present, undefined, at, rule)];
        expect([whole.average, whole.keep, whole.winner]).toEqual([without.average, without.keep, without.winner]);
      }),
    );
  });

  it('gives an exact copy no wins, no place among the competitive and no more weight than its original', () => {
    const sequences = fc.array(losses, { minLength: SEQUENCES, maxLength: SEQUENCES });
    fc.assert(
      fc.property(
        contenders,
        sequences,
        blocks,
        fc.nat(100_000),
        now,
        rules,
        (others, model, block, delay, at, rule) => {
          const pair = [scored(100, block, model), scored(101, block + delay, model)];
          const verdict = judgeRound([...others, ...pair], undefined, at, rule);
          const [original, copy] = [100, 101].map((uid) => verdict.contenders.find((one) => one.uid === uid));
          expect(copy?.competitive).toBe(false);
          expect(copy?.stepWeight).toBeLessThanOrEqual(original?.stepWeight ?? 0);
          expect(verdict.winner?.uid).not.toBe(101);
        },
      ),
    );
  });
});

describe('judgeRound: blame', () => {
  const [good, better] = [scored(1, 100, [3]), scored(2, 200, [2])];

  it('goes on without a miner who failed, whatever weight it holds', () => {
    const verdict = judgeRound([good, better, failed(3, 50)], [0, 0, 0, 1], 300, plain);
    expect(verdict.void).toBeNull();
    expect(verdict.average[3]).toBe(0.5);
    expect(verdict.winner?.uid).toBe(2);
  });

  it.each(['validator', 'network'] as const)(
    'is void when one that holds weight failed by fault of the %s',
    (fault) => {
      const verdict = judgeRound([good, better, failed(3, 50, fault)], [0, 0.999, 0, 0.001], 300, plain);
      expect(verdict.void).toMatchObject({
        code: 'INCUMBENT_NOT_SCORED',
        fault: 'validator',
        payload: { uid: 3, code: 'TEST' },
      });
      expect(verdict.average).toEqual([0, 0.999, 0, 0.001]);
    },
  );

  it('judges the others when one without weight has to wait', () => {
    const verdict = judgeRound([good, better, failed(3, 50, 'validator')], [0, 0.9995, 0, 0.0005], 300, plain);
    expect(verdict.void).toBeNull();
    expect(verdict.contenders.map(({ uid, score }) => [uid, score])).toEqual([
      [3, null],
      [1, 3],
      [2, 2],
    ]);
  });

  it.each([[[]], [[failed(1, 5), failed(2, 6, 'network')]]])('is void without any score', (all) => {
    expect(judgeRound(all, undefined, 300, plain).void?.code).toBe('NO_FINITE_SCORE');
  });

  it('is void when matches per sequence lack sequences', () => {
    const rule = { ...plain, comparison: 'per-sequence' as const };
    expect(judgeRound([scored(1, 100, [3, 3]), scored(2, 200, [2])], undefined, 300, rule).void).toMatchObject({
      code: 'SEQUENCES_DIFFER',
      payload: { uid: 2, losses: 1, expected: 2 },
    });
    const bare = { ...good, outcome: { ...good.outcome, sequenceLosses: [] } };
    expect(judgeRound([bare], undefined, 300, rule).void?.code).toBe('SEQUENCES_DIFFER');
  });
});

describe('judgeRound: the two comparisons', () => {
  it('differ where a model is better on average and worse on most sequences', () => {
    const rarely = scored(1, 100, [1, 3.1, 3.1, 3.1]);
    const mostly = scored(2, 50, [3, 3, 3, 3]);
    const wins = (comparison: RoundRules['comparison']): unknown =>
      judgeRound([rarely, mostly], undefined, 300, { ...plain, comparison }).contenders.map(
        ({ uid, wins: count, winRate }) => [uid, count, winRate],
      );
    expect(wins('mean-loss')).toEqual([
      [2, 0, 0],
      [1, 1, 1],
    ]);
    expect(wins('per-sequence')).toEqual([
      [2, 3, 0.75],
      [1, 1, 0.25],
    ]);
  });
});
