import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import {
  evaluatorNotice,
  evaluatorRequest,
  type EvaluatorNotice,
  type EvaluatorRequest,
} from '@assay/core/contracts/evaluator-protocol';

type Hint = Exclude<EvaluatorNotice, { type: 'cancel' }>;

/** Ends the request that it aborts. */
class Cancelled extends Error {}

/**
 * The lines that the validator writes: requests one after the other, notices as they come. A request that is cancelled is
 * aborted, whether it is computed or waits.
 */
export class Requests {
  readonly #waiting: { request: EvaluatorRequest; abort: AbortController }[] = [];
  #wake: () => void = () => undefined;
  #current: { id: string; abort: AbortController } | undefined;
  #ended = false;

  constructor(
    input: Readable,
    private readonly handlers: {
      onNotice: (notice: Hint) => void;
      onLine: () => void;
      onNonsense: (why: string) => void;
    },
  ) {
    createInterface({ input, crlfDelay: Infinity })
      .on('line', (line) => {
        if (line.trim() !== '') this.#take(line);
      })
      .on('close', () => {
        this.end();
      });
  }

  /** What waits is still given out, and nothing after it. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** Requests in the order in which they came, until the input ends. */
  async *[Symbol.asyncIterator](): AsyncGenerator<{ request: EvaluatorRequest; signal: AbortSignal }> {
    for (;;) {
      const next = this.#waiting.shift();
      if (next) {
        this.#current = { id: next.request.id, abort: next.abort };
        yield { request: next.request, signal: next.abort.signal };
        this.#current = undefined;
      } else if (this.#ended) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }

  #take(line: string): void {
    this.handlers.onLine();
    const value = valueOf(line);
    const request = evaluatorRequest.safeParse(value);
    const notice = evaluatorNotice.safeParse(value);
    if (request.success) {
      this.#waiting.push({ request: request.data, abort: new AbortController() });
      this.#wake();
    } else if (!notice.success) this.handlers.onNonsense(request.error.message);
    else if (notice.data.type === 'cancel') this.#cancel(notice.data.id);
    else this.handlers.onNotice(notice.data);
  }

  #cancel(id: string): void {
    const waiting = this.#waiting.find(({ request }) => request.id === id);
    const found = waiting ?? (this.#current?.id === id ? this.#current : undefined);
    found?.abort.abort(new Cancelled());
  }
}

function valueOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
