import type { Log } from '../contracts/logger.js';
import type { EventSink, Reporter, RunEvent } from '../contracts/reporter.js';
import { causeOf, toAssayError } from '../errors/describe.js';
import { valueWithoutSecrets } from '../errors/secrets.js';

export interface NamedReporter {
  name: string;
  reporter: Reporter;
}

export interface FanOutOptions {
  /** Events that wait for one reporter before the oldest ones are dropped. */
  queueLimit: number;
  /** Milliseconds that a reporter has for the events that still wait when the run ends. */
  closeWithinMs: number;
}

export const FAN_OUT_DEFAULTS: FanOutOptions = { queueLimit: 1000, closeWithinMs: 5000 };

/**
 * One reporter made of many. Secrets are replaced once, before any of them sees an event. Each has a queue of its own: a
 * reporter that answers slowly holds up neither the run nor the others, and a failure is logged.
 */
export class ReporterFanOut implements EventSink {
  readonly #lanes: readonly Lane[];

  constructor(
    private readonly options: FanOutOptions,
    deps: { reporters: readonly NamedReporter[]; log: Log },
  ) {
    this.#lanes = deps.reporters.map((named) => new Lane(named, options.queueLimit, deps.log));
  }

  report(event: RunEvent, at: number): void {
    // The shape stays what it was: only text inside it changes.
    const safe = valueWithoutSecrets(event) as RunEvent;
    for (const lane of this.#lanes) lane.add(safe, at);
  }

  /** Waits for pending events, `closeWithinMs` at most, and closes every reporter. */
  async close(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.close(this.options.closeWithinMs)));
  }
}

/** One reporter's events, in order, one at a time. */
class Lane {
  readonly #waiting: { event: RunEvent; at: number }[] = [];
  #sending: Promise<void> | undefined;
  #dropped = 0;
  #failed = 0;

  constructor(
    private readonly named: NamedReporter,
    private readonly limit: number,
    private readonly log: Log,
  ) {}

  add(event: RunEvent, at: number): void {
    if (!this.#sending) {
      this.#send(event, at);
      return;
    }
    this.#waiting.push({ event, at });
    if (this.#waiting.length <= this.limit) return;
    this.#waiting.shift();
    this.#dropped += 1;
  }

  async close(withinMs: number): Promise<void> {
    await atMost(withinMs, this.#drained());
    const lost = this.#dropped + this.#waiting.length + (this.#sending ? 1 : 0);
    if (lost > 0) this.log('warn', 'a reporter was too slow and events were dropped', { name: this.named.name, lost });
    try {
      await atMost(withinMs, this.named.reporter.close());
    } catch (error) {
      this.#tellFailure(error);
    }
  }

  async #drained(): Promise<void> {
    while (this.#sending) await this.#sending;
  }

  /** A reporter that answers at once is served at once, so that its lines keep their place among other output. */
  #send(event: RunEvent, at: number): void {
    try {
      const answer = this.named.reporter.report(event, at);
      if (answer === undefined) return;
      this.#sending = answer
        .catch((error: unknown) => {
          this.#tellFailure(error);
        })
        .then(() => {
          this.#sending = undefined;
          const next = this.#waiting.shift();
          if (next) this.#send(next.event, next.at);
        });
    } catch (error) {
      this.#tellFailure(error);
    }
  }

  /** Logs the first, second, fourth, eighth, ... failure. */
  #tellFailure(error: unknown): void {
    this.#failed += 1;
    if (!Number.isInteger(Math.log2(this.#failed))) return;
    const known = toAssayError(error);
    this.log('warn', 'a reporter failed', {
      name: this.named.name,
      failures: this.#failed,
      code: known.code,
      cause: causeOf(known),
    });
  }
}

/** Resolves with the work, or after `ms` without it; rejects as the work does. */
async function atMost(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
