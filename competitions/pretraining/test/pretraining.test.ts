import { expect, it } from 'vitest';
import { failedChecks } from '../../../test/package-checks.js';
import pretraining from '../dist/index.js';

it('is what every package of profiles has to be', async () => {
  expect(await failedChecks(pretraining)).toEqual([]);
});

it('hands out everything at each time, by the competitions of its day', () => {
  const { schedule = [] } = pretraining.provides.profiles?.['pretraining'] ?? {};
  expect(schedule.map(({ fromBlock, competitions }) => [fromBlock, competitions.map(({ id }) => id)])).toEqual([
    [0, [1, 2, 4]],
    [4_453_709, [2, 4, 5]],
    [4_732_978, [2, 4]],
    [5_177_981, [6, 2, 4]],
  ]);
  for (const { competitions } of schedule)
    expect(competitions.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
});
