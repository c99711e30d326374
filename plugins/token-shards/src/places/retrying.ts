import type { Clock } from '@assay/core/contracts/clock';
import { retryAfterOf } from '@assay/core/datasets/errors';
import { isAssayError } from '@assay/core/errors/assay-error';

/** Failures in a row after which a request is given up. */
const ATTEMPTS = 6;
const FIRST_PAUSE_MS = 500;
/** A service that asks for a longer pause is treated as one that is down. */
const LONGEST_PAUSE_MS = 60_000;
/** What another attempt may mend. */
const RETRIED = new Set(['SOURCE_UNREACHABLE', 'SOURCE_ANSWER_INVALID', 'REQUEST_FAILED']);

const mayPass = (error: unknown): boolean => isAssayError(error) && RETRIED.has(error.code);

/** Counts failures of one transfer, and waits after each: twice as long each time, or as long as the service asks for. */
export class Retries {
  #failures = 0;

  constructor(
    private readonly clock: Clock,
    private readonly signal: AbortSignal,
  ) {}

  /** After bytes have come, the count begins again. */
  progressed(): void {
    this.#failures = 0;
  }

  /** Waits for another attempt. @throws the error where none is left, or none helps */
  async after(error: unknown): Promise<void> {
    this.signal.throwIfAborted();
    this.#failures += 1;
    const asked = retryAfterOf(error);
    if (!mayPass(error) || this.#failures >= ATTEMPTS || asked > LONGEST_PAUSE_MS) throw error;
    const pause = Math.max(asked, FIRST_PAUSE_MS * 2 ** (this.#failures - 1));
    await this.clock.sleep(pause, AbortSignal.any([this.signal]));
  }
}

/** Does something that may fail for a while. */
export async function retrying<T>(clock: Clock, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const retries = new Retries(clock, signal);
  for (;;) {
    try {
      return await work();
    } catch (error) {
      await retries.after(error);
    }
  }
}
