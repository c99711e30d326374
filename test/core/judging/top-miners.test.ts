import { topMiners } from '@assay/core/judging/top-miners';
import { describe, expect, it } from 'vitest';

const options = { minStake: 50_000n, minWeightShare: 0.05 };
const neurons = [
  { uid: 0, stake: 50_000n, validatorPermit: true },
  { uid: 1, stake: 49_999n, validatorPermit: true },
  { uid: 2, stake: 90_000n, validatorPermit: false },
];

describe('topMiners', () => {
  it.each([
    [
      'at least the share of the row',
      [
        [
          0,
          [
            [7, 5],
            [8, 4],
            [9, 91],
          ],
        ],
      ],
      [7, 9],
    ],
    [
      'only validators with stake and permit',
      [
        [1, [[7, 1]]],
        [2, [[8, 1]]],
      ],
      [],
    ],
    ['no row at all', [], []],
  ] as const)('counts %s', (_what, rows, expected) => {
    const weights = new Map(
      rows.map(([uid, row]) => [uid, row.map(([miner, weight]): [number, number] => [miner, weight])]),
    );
    expect(topMiners({ neurons, weights }, options)).toEqual(expected);
  });
});
