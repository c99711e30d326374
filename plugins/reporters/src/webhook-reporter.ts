import { setTimeout as sleep } from 'node:timers/promises';
import type { Reporter, RunEvent } from '@assay/core/contracts/reporter';
import { eventLine } from '@assay/core/reporting/event-line';
import { reporterErrors } from './errors.js';

interface WebhookOptions {
  url: string;
  /** Sent as `authorization: Bearer TOKEN`. */
  token: string | undefined;
  events: readonly RunEvent['event'][];
  /** Milliseconds for one request. */
  timeoutMs: number;
  /** Requests for one event. */
  attempts: number;
  /** Milliseconds before the second request; doubled before each further one. */
  retryDelayMs: number;
}

const LONGEST_PAUSE_MS = 60_000;

/**
 * Posts each chosen event as one JSON document. What may pass is tried again: no answer, 429 and 5xx, with the pause that
 * `retry-after` asks for. A redirect is refused: it could carry the token elsewhere.
 */
export class WebhookReporter implements Reporter {
  readonly #stopping = new AbortController();

  constructor(private readonly options: WebhookOptions) {}

  async report(event: RunEvent, at: number): Promise<void> {
    if (!this.options.events.includes(event.event)) return;
    const body = eventLine(event, at);
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.#post(body);
      if (outcome === undefined) return;
      const { reason, isFinal, pauseMs } = outcome;
      if (isFinal || attempt >= this.options.attempts || this.#stopping.signal.aborted)
        throw reporterErrors.WEBHOOK_FAILED({ event: event.event, reason, attempts: attempt });
      const pause = pauseMs ?? this.options.retryDelayMs * 2 ** (attempt - 1);
      await sleep(Math.min(pause, LONGEST_PAUSE_MS), undefined, { signal: this.#stopping.signal }).catch(
        () => undefined,
      );
    }
  }

  close(): Promise<void> {
    this.#stopping.abort();
    return Promise.resolve();
  }

  /** What went wrong; undefined when the event was taken. Neither address nor body stands in the reason. */
  async #post(body: string): Promise<{ reason: string; isFinal: boolean; pauseMs?: number } | undefined> {
    const { url, token, timeoutMs } = this.options;
    try {
      const response = await fetch(url, {
        method: 'POST',
        body,
        redirect: 'manual',
        headers: {
          'content-type': 'application/json',
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        signal: AbortSignal.timeout(timeoutMs),
      });
      await response.body?.cancel();
      const { status, ok } = response;
      if (ok) return undefined;
      const isFinal = status !== 429 && status < 500;
      const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
      return { reason: `status ${status}`, isFinal, ...(seconds >= 0 ? { pauseMs: seconds * 1000 } : {}) };
    } catch (error) {
      const isSlow = error instanceof Error && error.name === 'TimeoutError';
      return { reason: isSlow ? `no answer within ${timeoutMs} ms` : 'no connection', isFinal: false };
    }
  }
}
