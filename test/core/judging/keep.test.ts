import { modelsToKeep } from '@assay/core/rules/entrants/keep';
import { describe, expect, it } from 'vitest';

const scored = [4, 3, 2, 1, 0].map((score, uid) => ({ uid, score }));
const options = { count: 2, threshold: 0.001 };

describe('modelsToKeep', () => {
  it.each([
    [
      'weight before wins',
      [
        { uid: 0, winRate: 0, averageWeight: 0.01 },
        { uid: 1, winRate: 1, averageWeight: 0 },
        { uid: 2, winRate: 0.5, averageWeight: 0 },
      ],
      [0, 1],
    ],
    [
      'weight below the threshold not at all',
      [
        { uid: 0, winRate: 0, averageWeight: 0.0009 },
        { uid: 1, winRate: 1, averageWeight: 0 },
        { uid: 2, winRate: 0.5, averageWeight: 0 },
      ],
      [1, 2],
    ],
    [
      'weight exactly at the threshold',
      [
        { uid: 0, winRate: 0, averageWeight: 0.001 },
        { uid: 1, winRate: 1, averageWeight: 0 },
        { uid: 2, winRate: 0.5, averageWeight: 0 },
      ],
      [0, 1],
    ],
    ['the best scores where too few are competitive', [{ uid: 0, winRate: 1, averageWeight: 0.9 }], [0, 4]],
    ['the first of equal ones', [2, 1, 0].map((uid) => ({ uid, winRate: 0.5, averageWeight: 0 })), [1, 2]],
  ])('counts %s', (_what, competitive, expected) => {
    expect(modelsToKeep(competitive, scored, options)).toEqual(expected);
  });

  it('keeps all when there are few', () => {
    expect(modelsToKeep([], scored, { count: 9, threshold: 0.001 })).toEqual([0, 1, 2, 3, 4]);
  });
});
