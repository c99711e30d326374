import { runChecks } from '@assay/core/testing/checks';
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
      { subject: 'it', name: 'two', reason: 'not so' },
      { subject: 'it', name: 'three', reason: expect.stringMatching(/^DATASET_MALFORMED: .*no rows/) as string },
      { subject: 'it', name: 'four' },
    ]);
    expect(told).toEqual(['it one', 'it two', 'it three', 'it four']);
  });

  it('that do not end are given up, and those after them left out', async () => {
    const running = runChecks('it', { good: () => undefined, endless: () => new Promise<void>(() => undefined), unseen: () => undefined });
    await vi.advanceTimersByTimeAsync(20_000);
    expect(await running).toEqual([
      { subject: 'it', name: 'good' },
      { subject: 'it', name: 'endless', reason: 'it was not done after 20 s; the checks after it were left out' },
    ]);
  });
});
