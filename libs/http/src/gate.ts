import { monotonicMs, type Clock } from '@assay/core/contracts/clock';

/** A pause that a service asks for is waited for up to this long; for a longer one requests fail at once. */
const LONGEST_WAIT_MS = 5 * 60_000;
/** A service is not believed when it asks for more. */
const LONGEST_PAUSE_MS = 3_600_000;

/** A pause is longer than a request waits for. */
export class PauseTooLong extends Error {
  constructor(readonly remainingMs: number) {
    super(`it asks for a pause of ${Math.ceil(remainingMs / 1000)} s`);
  }
}

interface GateLimits {
  requestsInFlight: number;
  /** No limit when left out. */
  requestsPerSecond?: number | undefined;
}

/** The one rate limit of all requests of a client. */
export class Gate {
  readonly #waiting: (() => void)[] = [];
  #free: number;
  #pausedUntil = 0;
  #nextStart = 0;

  constructor(
    private readonly limits: GateLimits,
    private readonly clock: Clock,
  ) {
    this.#free = limits.requestsInFlight;
  }

  /**
   * Waits for a place, for the end of a pause, and for the next start that the rate allows.
   * @returns gives the place back; calling it again does nothing
   * @throws PauseTooLong, and whatever `signal` aborts with
   */
  async enter(signal: AbortSignal): Promise<() => void> {
    await this.#place(signal);
    let held = true;
    const leave = (): void => {
      if (held) this.#give();
      held = false;
    };
    try {
      await this.#turn(signal);
      return leave;
    } catch (error) {
      leave();
      throw error;
    }
  }

  /** From now on every request waits for so many milliseconds. */
  pause(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, monotonicMs(this.clock) + Math.min(ms, LONGEST_PAUSE_MS));
  }

  async #place(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const give = (): void => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(give), 1);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(give);
    });
  }

  #give(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free += 1;
  }

  async #turn(signal: AbortSignal): Promise<void> {
    for (;;) {
      const now = monotonicMs(this.clock);
      const pause = this.#pausedUntil - now;
      if (pause > LONGEST_WAIT_MS) throw new PauseTooLong(pause);
      const wait = Math.max(pause, this.#nextStart - now);
      if (wait <= 0) break;
      await this.clock.sleep(Math.ceil(wait), signal);
    }
    const { requestsPerSecond } = this.limits;
    if (requestsPerSecond !== undefined) this.#nextStart = monotonicMs(this.clock) + 1000 / requestsPerSecond;
  }
}
