import { pairedBootstrap } from '@assay/competition-duel/dist/match/paired-bootstrap.js';
import { NO_UID } from '@assay/core/contracts/standing-rule';
import { RuleBook } from '@assay/core/rules/rule-book';
import { describe, expect, it } from 'vitest';
import { contender, contextOf, firstOf, KING, lineOf, losses, played, ruleWith } from './rounds.js';

const KINGS = losses(400, 3);
const better = (nats: number): number[] => KINGS.map((loss) => loss - nats);
const king = contender(KING, KINGS);
const quick = { resamples: 200 };

describe('a duel', () => {
  const rule = ruleWith({ margin: 0.01, ...quick });

  it.each([
    // Differences that are all alike have that difference as their lower bound.
    [0.02, 'won', 1],
    [0.0101, 'won', 1],
    [0.0099, 'lost', KING],
    [0, 'lost', KING],
    [-1, 'lost', KING],
  ])('by %d nats is %s', (nats, verdict, winner) => {
    const outcome = played(rule, [king, contender(1, better(nats))]);
    expect(outcome.winner).toBe(winner);
    expect(lineOf(outcome, 1).values).toMatchObject({ verdict, margin: 0.01, sequences: 400, drawn: 400 });
    const [won, kept] = winner === 1 ? [1, 0] : [0, 1];
    expect(lineOf(outcome, 1)).toMatchObject({ wins: won, matches: 1, winRate: won });
    expect(lineOf(outcome, KING)).toMatchObject({ wins: kept, matches: 1, winRate: kept });
  });

  it('is lost at the margin itself', () => {
    const at = ruleWith({ margin: 0.5, ...quick });
    expect(played(at, [contender(KING, [2, 3]), contender(1, [1.5, 2.5])]).winner).toBe(KING);
  });

  it('looks at the lower bound, not at the mean', () => {
    const lucky = KINGS.map((loss, index) => loss - (index === 0 ? 20 : 0));
    const outcome = played(rule, [king, contender(1, lucky)]);
    const { difference, bound, verdict } = lineOf(outcome, 1).values ?? {};
    expect(difference).toBeCloseTo(0.05, 9);
    expect([bound, verdict]).toEqual([0, 'lost']);
  });

  it.each<[what: string, ours: number[], theirs: number[]]>([
    ['whose resamples overflow', [2, 2, 2, 2], [1e308, 0, 0, 0]],
    ['whose differences overflow', [-1e308, 1e308, 0, 0], [1e308, -1e308, 0, 0]],
    ['whose squares overflow', [2, 2, 2, 2], [1e200, 0, 0, 0]],
  ])('is lost, and can be recorded, by losses %s', (_what, ours, theirs) => {
    const book = new RuleBook([{ name: 'duel', provides: { matchRules: [pairedBootstrap] } }]);
    const recordable = book.bind('matchRules', { rule: 'paired-bootstrap', margin: 0.01, ...quick }).rule;
    const context = contextOf(4, { drawn: [{ task: 'text', samples: 4, clusters: [0, 1, 2, 0] }] });
    const outcome = played(recordable, [contender(KING, ours), contender(1, theirs)], context);
    expect(outcome.winner).toBe(KING);
    expect(lineOf(outcome, 1).values).toMatchObject({ verdict: 'lost', effectiveSize: null });
  });

  it('has a margin of a share of the loss of the king, also below zero', () => {
    const relative = ruleWith({ margin: 0.1, relative: true, ...quick });
    const below = contender(KING, [-2, -2]);
    for (const [reigning, own, winner] of [
      [contender(KING, [2, 2]), [1.81, 1.81], KING],
      [contender(KING, [2, 2]), [1.79, 1.79], 1],
      [below, [-2.19, -2.19], KING],
      [below, [-2.21, -2.21], 1],
    ] as const) {
      const outcome = played(relative, [reigning, contender(1, own)]);
      expect(outcome.winner).toBe(winner);
      expect(lineOf(outcome, 1).values?.['margin']).toBeCloseTo(0.2, 12);
    }
    expect(relative.bar(contender(7, [2, 2]), contextOf(2))).toEqual({
      score: 1.8,
      about: '10 % below the score of uid 7, by the lower bound of the difference',
    });
  });

  it('has a bar in nats, also below a king that is not registered', () => {
    const bar = rule.bar(contender(NO_UID, [2, 2]), contextOf(2));
    expect(bar.about).toBe('0.01 nats below the score of the king, by the lower bound of the difference');
    expect(bar.score).toBeCloseTo(1.99, 12);
  });

  it('weighs tasks as the score does', () => {
    const two = (uid: number, one: number, other: number): ReturnType<typeof contender> =>
      contender(uid, [0.25 * one + 0.75 * other], {
        tasks: [
          { name: 'one', weight: 0.25, losses: [one, one, one] },
          { name: 'two', weight: 0.75, losses: [other] },
        ],
      });
    const context = contextOf(0, {
      drawn: [
        { task: 'one', samples: 3 },
        { task: 'two', samples: 1 },
      ],
    });
    const outcome = played(rule, [two(KING, 3, 2), two(1, 4, 1)], context);
    expect(lineOf(outcome, 1).values?.['difference']).toBeCloseTo(-0.25 + 0.75, 12);
  });

  it('tells a bound that is nearer to the margin than machines differ', () => {
    const tolerant = ruleWith({ margin: 0.01, tolerance: 0.001, ...quick });
    const isClose = (nats: number): unknown =>
      lineOf(played(tolerant, [king, contender(1, better(nats))]), 1).values?.['close'];
    expect([0.0085, 0.0095, 0.0105, 0.0115].map(isClose)).toEqual([false, true, true, false]);
  });

  it('tells how many independent sequences there are where they come in clusters', () => {
    // Four shards whose differences are alike within and differ between.
    const clusters = KINGS.map((_loss, index) => index % 4);
    const own = KINGS.map((loss, index) => loss - 0.01 * (index % 4));
    const context = contextOf(400, { drawn: [{ task: 'text', samples: 400, clusters }] });
    const sizeOf = (given: typeof context): unknown =>
      lineOf(played(rule, [king, contender(1, own)], given), 1).values?.['effectiveSize'];
    expect(sizeOf(context)).toBeCloseTo(4, 6);
    expect(sizeOf(contextOf(400))).toBeNull();
  });
});

describe('who reigns', () => {
  const rule = ruleWith({ margin: 0.01, ...quick });

  it('is whoever is alone, and the earliest where no king plays', () => {
    const alone = played(rule, [contender(5, KINGS)], contextOf(400, { incumbents: [] }));
    expect([alone.winner, lineOf(alone, 5)]).toEqual([5, { wins: 0, matches: 0, winRate: 1 }]);
    const field = [contender(5, KINGS), contender(6, better(0.005)), contender(4, better(0.02), { block: 900 })];
    expect(played(rule, field, contextOf(400, { incumbents: [] })).winner).toBe(4);
    expect(played(rule, field.slice(0, 2), contextOf(400, { incumbents: ['gone'] })).winner).toBe(5);
  });

  it('is the first incumbent that plays, wherever it claimed and whatever its uid', () => {
    const late = contender(NO_UID, KINGS, { hotkey: 'away', block: 999 });
    const context = contextOf(400, { incumbents: ['away', 'hotkey-1'] });
    const outcome = played(rule, [contender(1, better(0.005)), late], context);
    expect(outcome.winner).toBe(NO_UID);
  });

  it('is decided by one challenger after the other, each against who reigns by then', () => {
    const [first, copy, best] = [contender(1, better(0.02)), contender(2, better(0.025)), contender(3, better(0.05))];
    expect(played(rule, [king, first, copy]).winner).toBe(1);
    const outcome = played(rule, [best, copy, king, first]);
    expect(outcome.winner).toBe(3);
    expect([KING, 1, 2, 3].map((uid) => lineOf(outcome, uid).winRate)).toEqual([0, 2 / 3, 0, 1]);
    expect(lineOf(outcome, 2).values).toMatchObject({ verdict: 'lost' });
  });
});

describe('a challenger that is a near copy', () => {
  const rule = ruleWith({ margin: 0, ...quick });

  it('has to be better than an earlier king by its own margin, and not than a later one', () => {
    const copy = contender(1, better(0.1), { margin: 0.05 });
    expect(played(rule, [king, contender(1, better(0.1))]).winner).toBe(1);
    expect(played(rule, [king, copy]).winner).toBe(KING);
    expect(played(rule, [{ ...king, block: 500 }, copy]).winner).toBe(1);
    expect(played(rule, [king, contender(1, better(0.2), { margin: 0.05 })]).winner).toBe(1);
  });
});

describe('rounds in a row', () => {
  const rule = ruleWith({ margin: 0.01, winsNeeded: 3, ...quick });
  const strong = contender(1, better(0.05));

  it.each([
    [1, 'again', KING],
    [2, 'again', KING],
    [3, 'won', 1],
    [4, 'won', 1],
  ])('the %ith one won is told as %s', (repetition, verdict, winner) => {
    const outcome = played(rule, [king, strong], contextOf(400, { repetition }));
    expect(outcome.winner).toBe(winner);
    expect(lineOf(outcome, 1).values?.['verdict']).toBe(verdict);
    expect(lineOf(outcome, 1).playsAgain).toBe(verdict === 'again' ? true : undefined);
    expect(lineOf(outcome, KING).playsAgain).toBeUndefined();
    // A win that does not count yet is none.
    expect([KING, 1].map((uid) => lineOf(outcome, uid).winRate)).toEqual(winner === KING ? [1, 0] : [0, 1]);
  });

  it('end with the first one that is lost', () => {
    const outcome = played(rule, [king, contender(1, better(0))], contextOf(400, { repetition: 2 }));
    expect([outcome.winner, lineOf(outcome, 1).playsAgain]).toEqual([KING, undefined]);
  });
});

describe('a round that is stopped', () => {
  const rule = ruleWith({ margin: 0.01, earlyStop: { every: 50 }, ...quick });
  const hopeless = contender(1, better(-1));

  it('is asked after each part, from the fraction on', () => {
    expect(rule.earlyStop?.every).toBe(50);
    const stops = [50, 100, 350].map((done) => rule.earlyStop?.stops(firstOf([king, hopeless], done), contextOf(400)));
    expect(stops).toEqual([false, true, true]);
  });

  it('is lost, and says after how many sequences', () => {
    const outcome = played(rule, firstOf([king, hopeless], 100), contextOf(400));
    expect(outcome.winner).toBe(KING);
    expect(lineOf(outcome, 1).values).toMatchObject({ verdict: 'stopped', bound: null, sequences: 100, drawn: 400 });
  });

  it('goes on while one of several challengers has a chance', () => {
    const field = firstOf([king, hopeless, contender(2, better(0.05))], 100);
    expect(rule.earlyStop?.stops(field, contextOf(400))).toBe(false);
    expect(rule.earlyStop?.stops([king], contextOf(400))).toBe(false);
  });

  it.each([
    ['a challenger that should have gone on', rule, firstOf([king, contender(1, better(0.05))], 100)],
    ['a rule without early stops', ruleWith({ margin: 0.01, ...quick }), firstOf([king, hopeless], 100)],
    ['losses of other sequences', rule, [king, ...firstOf([hopeless], 399)]],
    ['more losses than samples', rule, [king, contender(1, [...KINGS, 1])]],
  ])('is void with %s', (_what, ruled, contenders) => {
    expect(() => played(ruled, contenders, contextOf(400))).toThrow(
      expect.objectContaining({ code: 'SEQUENCES_DIFFER', fault: 'validator' }),
    );
  });
});

it('counts a contender that is left alone after a part as the winner', () => {
  const rule = ruleWith({ margin: 0.01, earlyStop: { every: 50 }, ...quick });
  expect(played(rule, firstOf([king], 50), contextOf(400)).winner).toBe(KING);
});

describe('what it takes to know', () => {
  const rule = ruleWith({ margin: 0.01, alpha: 0.001 });
  const outlook = (own: readonly number[], clusters?: readonly number[]): unknown => {
    const context = contextOf(400, { drawn: [{ task: 'text', samples: 400, ...(clusters && { clusters }) }] });
    return rule.samplesToKnow?.([king, contender(1, own)], context)[0];
  };
  /** Differences of this mean and a standard deviation of 0.1. */
  const spread = (mean: number): number[] =>
    KINGS.map((loss, index) => loss - mean - (index % 2 === 0 ? 0.1 : -0.1) * Math.sqrt(399 / 400));

  it('follows from mean and spread', () => {
    // ((3.0902 + 1.2816) 0.1 / 0.02)^2 = 477.8, and F(0.02 sqrt(400) / 0.1 - 3.0902) = 0.8186.
    expect(outlook(spread(0.03))).toEqual({ uid: 1, samples: 478, chance: expect.closeTo(0.8186, 3) as number });
    expect(outlook(spread(-0.01))).toEqual({ uid: 1, samples: 478, chance: expect.closeTo(0, 6) as number });
  });

  it('is one sample where nothing scatters, and no number at the margin', () => {
    expect(outlook(better(0.02))).toMatchObject({ chance: 1 });
    expect(rule.samplesToKnow?.([contender(KING, [2, 2]), contender(1, [1, 1])], contextOf(2))).toEqual([
      { uid: 1, samples: 1, chance: 1 },
    ]);
    const level = ruleWith({ margin: 0.5 });
    expect(level.samplesToKnow?.([contender(KING, [2, 2]), contender(1, [1.5, 1.5])], contextOf(2))).toEqual([
      { uid: 1, samples: null, chance: 0 },
    ]);
  });

  it('is more where samples come in clusters', () => {
    // Pairs that differ alike are worth one sample each.
    const pairs = KINGS.map((_loss, index) => Math.floor(index / 4) * 2 + (index % 2));
    const { samples } = outlook(spread(0.03), pairs) as { samples: number };
    expect(samples).toBeGreaterThan(2 * 478 * 0.98);
    expect(samples).toBeLessThan(2 * 478 * 1.02);
  });
});

it.each([
  [{}],
  [{ margin: -1 }],
  [{ margin: 1, relative: true }],
  [{ margin: 0, alpha: 0 }],
  [{ margin: 0, alpha: 1 }],
  [{ margin: 0, seed: -1 }],
  [{ margin: 0, seed: '0x7' }],
  [{ margin: 0, resamples: 0 }],
  [{ margin: 0, winsNeeded: 0 }],
  [{ margin: 0, earlyStop: {} }],
  [{ margin: 0, earlyStop: { every: 0 } }],
  [{ margin: 0, earlyStop: { every: 10, quantile: 1.1 } }],
])('refuses the parameters %j', (parameters) => {
  expect(pairedBootstrap.parameters.safeParse(parameters).success).toBe(false);
});
