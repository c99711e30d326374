import { describe, expect, it } from 'vitest';
import type { Reporter, RunEvent } from '@assay/core/contracts/reporter';
import { keepSecret } from '@assay/core/errors/secrets';
import { ReporterFanOut, type FanOutOptions } from '@assay/core/reporting/fan-out';

const stopped = (rounds: number): RunEvent => ({ event: 'run-stopped', reason: 'rounds-done', rounds });
const roundsOf = (events: readonly RunEvent[]): number[] =>
  events.flatMap((event) => (event.event === 'run-stopped' ? [event.rounds] : []));

interface Told {
  message: string;
  context: Record<string, unknown> | undefined;
}

function fanOut(
  reporters: Record<string, Reporter>,
  options: Partial<FanOutOptions> = {},
): { out: ReporterFanOut; told: Told[] } {
  const told: Told[] = [];
  const named = Object.entries(reporters).map(([name, reporter]) => ({ name, reporter }));
  const out = new ReporterFanOut(
    { queueLimit: 3, closeWithinMs: 200, ...options },
    { reporters: named, log: (_level, message, context) => void told.push({ message, context }) },
  );
  return { out, told };
}

/** A reporter that takes the next event when it is let. */
function slow(): Reporter & { seen: RunEvent[]; letOne: () => void } {
  const seen: RunEvent[] = [];
  const waiting: (() => void)[] = [];
  return {
    seen,
    report: (event) => {
      seen.push(event);
      return new Promise<void>((resolve) => waiting.push(resolve));
    },
    close: () => Promise.resolve(),
    letOne: () => waiting.shift()?.(),
  };
}

const collecting = (): Reporter & { seen: RunEvent[] } => {
  const seen: RunEvent[] = [];
  return { seen, report: (event) => void seen.push(event), close: () => Promise.resolve() };
};

describe('the fan-out of reporters', () => {
  it('replaces secrets before any reporter sees an event', () => {
    keepSecret('SOME_TOKEN', 'correct-horse-battery');
    const [one, other] = [collecting(), collecting()];
    const { out } = fanOut({ one, other });
    const error = {
      code: 'X',
      message: 'it said correct-horse-battery',
      hint: '',
      fault: 'network',
      retry: 'backoff',
      payload: { deep: ['correct-horse-battery'] },
    } as const;
    out.report({ event: 'warning', error }, 0);
    for (const { seen } of [one, other]) {
      expect(JSON.stringify(seen)).not.toContain('correct-horse');
      expect(JSON.stringify(seen)).toContain('[SOME_TOKEN]');
    }
  });

  it('serves the others when one throws, rejects or fails to close, and tells it by powers of two', async () => {
    const good = collecting();
    const throws: Reporter = {
      report: () => {
        throw new Error('no');
      },
      close: () => Promise.reject(new Error('never')),
    };
    const rejects: Reporter = { report: () => Promise.reject(new Error('later')), close: () => Promise.resolve() };
    const { out, told } = fanOut({ throws, rejects, good }, { queueLimit: 10 });
    for (let round = 1; round <= 4; round += 1) out.report(stopped(round), 0);
    await out.close();
    expect(roundsOf(good.seen)).toEqual([1, 2, 3, 4]);
    const failures = (name: string): unknown[] =>
      told.filter(({ context }) => context?.['name'] === name).map(({ context }) => context?.['failures']);
    expect(failures('throws')).toEqual([1, 2, 4]);
    expect(failures('rejects')).toEqual([1, 2, 4]);
  });

  it('neither waits for a slow reporter nor keeps more for it than its queue holds: the oldest go first', async () => {
    const [late, prompt] = [slow(), collecting()];
    const { out, told } = fanOut({ late, prompt });
    for (let round = 1; round <= 9; round += 1) out.report(stopped(round), 0);
    expect(roundsOf(prompt.seen)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(roundsOf(late.seen)).toEqual([1]);
    const closing = out.close();
    for (let turn = 0; turn < 4; turn += 1) {
      late.letOne();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await closing;
    expect(roundsOf(late.seen)).toEqual([1, 7, 8, 9]);
    expect(told).toEqual([expect.objectContaining({ context: { name: 'late', lost: 5 } })]);
  });

  it('waits until a reporter has closed', async () => {
    let isClosed = false;
    const closes: Reporter = {
      report: () => undefined,
      close: async () => {
        await new Promise((resolve) => setTimeout(resolve, 30));
        isClosed = true;
      },
    };
    await fanOut({ closes }, { closeWithinMs: 10_000 }).out.close();
    expect(isClosed).toBe(true);
  });

  it('ends although a reporter never answers', async () => {
    const stuck = slow();
    const { out, told } = fanOut({ stuck });
    out.report(stopped(1), 0);
    out.report(stopped(2), 0);
    await out.close();
    expect(told).toEqual([expect.objectContaining({ context: { name: 'stuck', lost: 2 } })]);
  });
});
