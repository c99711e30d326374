import { describe, expect, it } from 'vitest';
import { PythonRandom } from '@assay/core/sampling/python-random';
import { asked, failedChecks } from '../../../test/package-checks.js';
import sixTasks from '../dist/index.js';

const competitions = sixTasks.provides.competitions ?? [];

it('is what every package of competitions has to be', async () => {
  expect(await failedChecks(sixTasks)).toEqual([]);
});

it('weighs six tasks alike in all of its competitions', () => {
  for (const { tasks } of competitions) {
    expect(tasks.map(({ name, pages, weight, maxBatches }) => [name, pages, weight, maxBatches])).toEqual([
      ['FINEWEB', 15, 0.3, 50],
      ['FINEWEB_EDU2', 15, 0.25, 50],
      ['STACKV2_DEDUP', 30, 0.35, 50],
      ['PES2OX', 2, 0.05, 50],
      ['FINEMATH_3P', 6, 0.03, 50],
      ['INFIWEBMATH_3P', 6, 0.02, 50],
    ]);
  }
});

it('has its limits and its decay for each size and time', () => {
  expect(
    competitions.map(({ id, constraints, epsilon }) => [
      id,
      constraints.minParameters / 1e9,
      constraints.maxParameters / 1e9,
      constraints.maxBytes / 1024 ** 3,
      epsilon,
    ]),
  ).toEqual([
    [2, 3.2, 3.4, 15, { type: 'linear-decay', start: 0.005, end: 0.0005, blocks: 50_400 }],
    [4, 13.7, 13.9, 29, { type: 'linear-decay', start: 0.005, end: 0.0005, blocks: 72_000 }],
    [2, 3.2, 3.4, 15, { type: 'linear-decay', start: 0.005, end: 0.0001, blocks: 14_400 }],
    [4, 13.7, 13.9, 29, { type: 'linear-decay', start: 0.005, end: 0.0001, blocks: 14_400 }],
  ]);
});

describe('its own datasets', () => {
  it.each([
    ['laion/Pes2oX-fulltext', 'laion/Pes2oX-fulltext', 'pes2ov2', 8_242_000],
    ['HuggingFaceTB/finemath:finemath-3plus', 'HuggingFaceTB/finemath', 'finemath-3plus', 21_400_000],
    ['HuggingFaceTB/finemath:infiwebmath-3plus', 'HuggingFaceTB/finemath', 'infiwebmath-3plus', 13_900_000],
  ])('%s begins at any row up to its last', async (id, dataset, config, last) => {
    const { queries, text } = await asked(sixTasks, id, { seed: 5n, pages: 2 }, { row: { text: 'some text' } });
    const random = new PythonRandom(5n);
    expect(queries.map(({ offset }) => offset)).toEqual([random.randint(1, last), random.randint(1, last)]);
    expect(queries[0]).toMatchObject({ dataset, config, split: 'train', length: 50, gated: false });
    expect(text.startsWith('some text\0some text')).toBe(true);
  });

  it('FineWeb is drawn over its configs, but default', async () => {
    const splits = [
      { config: 'default', split: 'train', rows: 9_000 },
      { config: 'a', split: 'train', rows: 5000 },
      { config: 'b', split: 'train', rows: 7000 },
    ];
    const { queries } = await asked(
      sixTasks,
      'HuggingFaceFW/fineweb',
      { seed: 5n, pages: 30 },
      { row: { text: 'some text' }, splits },
    );
    expect([...new Set(queries.map(({ config }) => config))].sort()).toEqual(['a', 'b']);
    expect(new Set(queries.map(({ offset }) => offset % 50)).size).toBe(1);
  });
});
