import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MergeInput } from '@assay/core/contracts/merge-rule';
import type { RuleChoice } from '@assay/core/contracts/rule';
import { mergeStandings } from '@assay/core/judging/merge';
import { RuleBook } from '@assay/core/rules/rule-book';

const book = new RuleBook();
const merged = (input: MergeInput, choices: readonly RuleChoice[]): number[] =>
  mergeStandings(
    input,
    choices.map((choice) => book.bind('mergeRules', choice)),
  ).map((weight) => Math.round(weight * 1e6) / 1e6);
const inputOf = (
  standings: Record<number, number[]>,
  schedule: MergeInput['schedule'],
  owner: string | null = 'five',
): MergeInput => ({
  standings: new Map(Object.entries(standings).map(([id, shares]) => [Number(id), shares])),
  schedule,
  seats: ['zero', 'one', 'two', 'three', 'four', 'five'].map((hotkey, uid) => ({ uid, hotkey })),
  ownerHotkey: owner,
});

const BY_SHARE = { rule: 'by-share' };

describe('merge rules', () => {
  it.each<[what: string, choices: RuleChoice[], schedule: MergeInput['schedule'], expected: number[]]>([
    [
      'by-share alone',
      [BY_SHARE],
      [
        { id: 1, share: 0.25 },
        { id: 2, share: 0.75 },
      ],
      [0.25, 0.45, 0.3, 0, 0, 0],
    ],
    [
      'by-share alone gives the part of a competition that judged nothing to the others',
      [BY_SHARE],
      [
        { id: 1, share: 0.5 },
        { id: 7, share: 0.5 },
      ],
      [1, 0, 0, 0, 0, 0],
    ],
    [
      'burn of the unearned',
      [BY_SHARE, { rule: 'burn', to: 4 }],
      [
        { id: 1, share: 0.25 },
        { id: 2, share: 0.5 },
      ],
      [0.25, 0.3, 0.2, 0, 0.25, 0],
    ],
    [
      'burn of the unearned, of a competition that judged nothing',
      [BY_SHARE, { rule: 'burn', to: 'owner' }],
      [
        { id: 1, share: 0.5 },
        { id: 7, share: 0.5 },
      ],
      [0.5, 0, 0, 0, 0, 0.5],
    ],
    [
      'burn of a fixed part',
      [BY_SHARE, { rule: 'burn', to: 'owner', share: 0.9 }],
      [{ id: 1, share: 1 }],
      [0.1, 0, 0, 0, 0, 0.9],
    ],
    ['burn of everything', [BY_SHARE, { rule: 'burn', to: 0, share: 1 }], [{ id: 2, share: 1 }], [1, 0, 0, 0, 0, 0]],
    [
      'floor',
      [BY_SHARE, { rule: 'floor', threshold: 0.3 }],
      [
        { id: 1, share: 0.25 },
        { id: 2, share: 0.75 },
      ],
      [0, 0.6, 0.4, 0, 0, 0],
    ],
    [
      'floor before a burn',
      [BY_SHARE, { rule: 'floor', threshold: 0.5 }, { rule: 'burn', to: 3, share: 0.5 }],
      [{ id: 2, share: 1 }],
      [0, 0.5, 0, 0.5, 0, 0].map((weight, uid) => (uid === 1 ? 0.5 : weight)),
    ],
    [
      'nothing judged at all, with a burn',
      [BY_SHARE, { rule: 'burn', to: 2 }],
      [{ id: 7, share: 1 }],
      [0, 0, 1, 0, 0, 0],
    ],
  ])('%s', (_what, choices, schedule, expected) => {
    expect(merged(inputOf({ 1: [1], 2: [0, 0.6, 0.4] }, schedule), choices)).toEqual(expected);
  });

  it.each<[to: number | 'owner', owner: string | null]>([
    [77, 'five'],
    ['owner', 'nobody'],
    ['owner', null],
  ])('a burn to %s where the owner is %s sets nothing', (to, owner) => {
    expect(() => merged(inputOf({ 1: [1] }, [{ id: 1, share: 1 }], owner), [BY_SHARE, { rule: 'burn', to }])).toThrow(
      expect.objectContaining({ code: 'BURN_TARGET_MISSING' }),
    );
  });

  it('whatever the list, nobody gets less than nothing and all together get one', () => {
    const choice = fc.oneof(
      fc.constant<RuleChoice>({ rule: 'floor', threshold: 0.2 }),
      fc.record({
        rule: fc.constant('burn'),
        to: fc.nat(5),
        share: fc.constantFrom<number | string>('unearned', 0.3, 1),
      }),
    );
    const standing = fc.array(fc.nat(10), { minLength: 6, maxLength: 6 }).map((parts) => {
      const sum = parts.reduce((all, part) => all + part, 0);
      return parts.map((part) => (sum > 0 ? part / sum : 0));
    });
    fc.assert(
      fc.property(standing, standing, fc.array(choice, { maxLength: 4 }), (one, two, choices) => {
        const input = inputOf({ 1: one, 2: two }, [
          { id: 1, share: 0.4 },
          { id: 2, share: 0.5 },
        ]);
        const weights = mergeStandings(
          input,
          [BY_SHARE, ...choices].map((chosen) => book.bind('mergeRules', chosen)),
        );
        expect(weights.every((weight) => weight >= 0)).toBe(true);
        const sum = weights.reduce((all, weight) => all + weight, 0);
        expect(sum === 0 || Math.abs(sum - 1) < 1e-5).toBe(true);
      }),
    );
  });
});
