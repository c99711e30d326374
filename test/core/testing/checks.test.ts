import { demand, runChecks } from '@assay/core/testing/checks';
import { datasetErrors } from '@assay/core/datasets/errors';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

describe('checks', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('each stand by themselves: one that fails hides no other', async () => {
    const told: string[] = [];
    const checks = {
      one: () => undefined,
      two: () => Promise.reject(new Error('not so')),
      three: () => {
        throw datasetErrors.DATASET_MALFORMED({ reason: 'no rows' });
      },
      four: () => Promise.resolve(),
    };
    const results = await runChecks('it', checks, (subject, check) => told.push(`${subject} ${check}`));
    expect(results).toEqual([
      { subject: 'it', name: 'one' },
      {
        subject: 'it',
        name: 'two',
        reason: 'an error without a code: not so',
        hint: expect.stringContaining('docs/build/plugin.md') as string,
      },
      {
        subject: 'it',
        name: 'three',
        reason: expect.stringMatching(/^DATASET_MALFORMED: .*no rows/) as string,
        hint: expect.stringContaining('Tell its author') as string,
      },
      { subject: 'it', name: 'four' },
    ]);
    expect(told).toEqual(['it one', 'it two', 'it three', 'it four']);
  });

  it('that need another one are left out where it fails, and it says so', async () => {
    const failing = (): void => {
      demand(false, 'nothing there');
    };
    const dependent = { needs: 'first', run: () => Promise.reject(new Error('not reached')) };
    const results = await runChecks('it', { first: failing, second: dependent, third: () => undefined });
    expect(results).toEqual([
      { subject: 'it', name: 'first', reason: 'nothing there; the checks that need it were left out' },
      { subject: 'it', name: 'third' },
    ]);
    expect(
      await runChecks('it', { first: () => undefined, second: { ...dependent, run: () => undefined } }),
    ).toHaveLength(2);
  });

  it('that do not end are given up, and those after them left out', async () => {
    const running = runChecks('it', {
      good: () => undefined,
      endless: () => new Promise<void>(() => undefined),
      unseen: () => undefined,
    });
    await vi.advanceTimersByTimeAsync(20_000);
    expect(await running).toEqual([
      { subject: 'it', name: 'good' },
      { subject: 'it', name: 'endless', reason: 'it was not done after 20 s; the checks after it were left out' },
    ]);
  });
});
