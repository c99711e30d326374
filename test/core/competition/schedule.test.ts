import { competitionAt, competitionsAt, scheduleProblem } from '@assay/core/competition/schedule';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const entry = (fromBlock: number, ...competitions: [id: number, share: number][]) => ({
  fromBlock,
  competitions: competitions.map(([id, share]) => ({ id, share })),
});
const schedule = [entry(0, [2, 0.3], [4, 0.7]), entry(100, [6, 0.5], [2, 0.5])];

describe('competitionsAt', () => {
  it.each([
    [0, [2, 4]],
    [99, [2, 4]],
    [100, [6, 2]],
    [1e9, [6, 2]],
  ])('at block %i are %j', (block, ids) => {
    expect(competitionsAt(schedule, block).map(({ id }) => id)).toEqual(ids);
  });

  it.each([-1, Number.NaN, Number.NEGATIVE_INFINITY])('raises at block %d', (block) => {
    expect(() => competitionsAt(schedule, block)).toThrow(
      expect.objectContaining({ code: 'NO_SCHEDULE', fault: 'config' }),
    );
  });

  it('is the entry that began last', () => {
    const starts = fc
      .uniqueArray(fc.nat(10_000), { minLength: 1, maxLength: 6 })
      .map((all) => [...new Set([0, ...all])].sort((a, b) => a - b));
    fc.assert(
      fc.property(starts, fc.nat(12_000), (blocks, block) => {
        const [found] = competitionsAt(
          blocks.map((from) => entry(from, [from, 1])),
          block,
        );
        expect(found?.id).toBe(Math.max(...blocks.filter((from) => from <= block)));
      }),
    );
  });
});

describe('competitionAt', () => {
  it('finds a competition only while it is in force', () => {
    expect(competitionAt(schedule, 4, 99)).toEqual({ id: 4, share: 0.7 });
    expect(competitionAt(schedule, 4, 100)).toBeUndefined();
  });
});

describe('scheduleProblem', () => {
  it('has nothing against a good one', () => {
    expect(scheduleProblem(schedule)).toBeUndefined();
  });

  it.each([
    [[], 'no entry'],
    [[entry(100, [1, 1]), entry(0, [2, 1])], 'must ascend'],
    [[entry(0, [1, 1]), entry(0, [2, 1])], 'must ascend'],
    [[entry(-1, [1, 1])], 'must ascend'],
    [[entry(0.5, [1, 1])], 'must ascend'],
    [[entry(0, [1, 0.5], [1, 0.5])], 'competition 1 stands twice'],
    [[entry(0, [1, 1.5])], 'share 1.5'],
    [[entry(0, [1, Number.NaN])], 'share NaN'],
    [[entry(0, [1, 0], [2, 0])], 'no competition has a share'],
    [[entry(0)], 'no competition has a share'],
  ])('finds what is wrong with %j', (bad, problem) => {
    expect(scheduleProblem(bad)).toContain(problem);
  });
});
