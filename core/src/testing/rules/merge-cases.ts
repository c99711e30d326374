import { isDeepStrictEqual } from 'node:util';
import type { MergeInput, MergeRule } from '../../contracts/merge-rule.js';
import { demand } from '../checks.js';
import { seatsOf } from './worlds.js';

type Case = (rule: MergeRule) => void;

const INPUT: MergeInput = {
  standings: new Map([
    [1, [0, 0, 0.75, 0.25, 0, 0]],
    [2, [0, 0.5, 0, 0.5, 0, 0]],
  ]),
  schedule: [
    { id: 1, share: 0.6 },
    { id: 2, share: 0.2 },
    { id: 3, share: 0.2 },
  ],
  seats: seatsOf(6),
  ownerHotkey: 'hotkey-5',
};
/** Weights as they may come from the rule before: nothing yet, a part, all. */
const BEFORE: readonly (readonly number[])[] = [
  [0, 0, 0, 0, 0, 0],
  [0, 0.1, 0.45, 0.25, 0, 0],
  [0.01, 0.01, 0.9, 0.04, 0.04, 0],
];
const sumOf = (weights: readonly number[]): number => weights.reduce((sum, weight) => sum + weight, 0);

/** What every merge rule has to do. */
export const MERGE_CASES: Readonly<Record<string, Case>> = {
  'gives the same weights twice and changes nothing of what it is given': (rule) => {
    for (const weights of BEFORE) {
      const [given, input] = [[...weights], structuredClone(INPUT)];
      demand(isDeepStrictEqual(rule.apply(weights, INPUT), rule.apply(weights, INPUT)), 'the second time it differs');
      demand(
        isDeepStrictEqual(given, [...weights]) && isDeepStrictEqual(input, INPUT),
        'its input is another after it',
      );
    }
  },
  'gives one weight to each uid, from 0': (rule) => {
    for (const weights of BEFORE) {
      const merged = rule.apply(weights, INPUT);
      demand(merged.length === weights.length, `${merged.length} weights for ${weights.length} uids`);
      demand(
        merged.every((weight) => Number.isFinite(weight) && weight >= 0),
        `weights ${merged.join(' ')}`,
      );
    }
  },
  'gives nothing to uids that nobody has': (rule) => {
    const seats = INPUT.seats.filter(({ uid }) => uid !== 4);
    const weights = BEFORE[1] ?? [];
    demand((rule.apply(weights, { ...INPUT, seats })[4] ?? 0) === 0, 'uid 4 gets weight and is not registered');
  },
  'says whether it takes what nobody has earned': (rule) => {
    const part = BEFORE[1] ?? [];
    const takes = Math.abs(sumOf(rule.apply(part, INPUT)) - 1) < 1e-6 && sumOf(part) < 1;
    demand(!rule.takesTheRest || takes, 'it says so, and the weights do not sum to 1 after it');
  },
};
