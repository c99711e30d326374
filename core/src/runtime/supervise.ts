import type { Clock } from '../contracts/clock.js';
import type { Log } from '../contracts/logger.js';
import type { EventSink } from '../contracts/reporter.js';
import { isAssayError } from '../errors/assay-error.js';
import { toAssayError } from '../errors/describe.js';

/** One of the validator's loops. `run` ends when its work is done or rejects with ABORTED when the signal fires. */
export interface Loop {
  readonly name: string;
  run(signal: AbortSignal): Promise<void>;
}

export const isAbort = (error: unknown): boolean =>
  (isAssayError(error) && error.code === 'ABORTED') || (error instanceof Error && error.name === 'AbortError');

/**
 * Runs all loops until the first ends or one fails for good, then stops the others and waits for them. A failed loop's
 * error is the run's error.
 */
export async function runLoops(loops: readonly Loop[], endsRun: Loop, signal: AbortSignal): Promise<void> {
  const controller = new AbortController();
  const all = AbortSignal.any([signal, controller.signal]);
  let failure: unknown;
  const running = loops.map(async (loop) => {
    try {
      await loop.run(all);
      if (loop === endsRun) controller.abort();
    } catch (error) {
      if (!isAbort(error)) failure ??= error;
      controller.abort();
    }
  });
  await Promise.all(running);
  if (failure !== undefined) throw toAssayError(failure);
}

/**
 * One pass of a loop's work. Trouble is told and survived: the next pass may go better. What no retry can mend (fault
 * `config`) ends the run.
 * @returns whether the pass went through
 */
export async function attempt(
  deps: { reporter: EventSink; clock: Clock; log: Log },
  loop: string,
  work: () => Promise<void>,
): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (isAbort(error)) throw error;
    const known = toAssayError(error);
    if (known.fault === 'config' && known.retry === 'never') throw known;
    deps.log('warn', 'a pass failed', {
      loop,
      code: known.code,
      stack: known.cause instanceof Error ? known.cause.stack : known.stack,
    });
    deps.reporter.report({ event: 'warning', error: known.toReport() }, deps.clock.now());
    return false;
  }
}
