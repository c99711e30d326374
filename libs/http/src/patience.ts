import { setMaxListeners } from 'node:events';

/**
 * One request under way. `signal` fires when the caller's signal does, or when the request has been given up because the
 * other end keeps silent; `given up` is then the reason.
 */
export class Patience {
  readonly #ended = new AbortController();
  readonly #onAbort = (): void => {
    this.#ended.abort(this.outer.reason);
  };

  constructor(private readonly outer: AbortSignal) {
    // One signal may have as many requests as there are places for them.
    setMaxListeners(0, outer);
    if (outer.aborted) this.#onAbort();
    else outer.addEventListener('abort', this.#onAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  /** Waits for something for so long at most. What is waited for may end later; its failure is then ignored. */
  async wait<T>(work: Promise<T>, ms: number): Promise<T> {
    const { signal } = this.#ended;
    let stop = (): void => undefined;
    const timer = setTimeout(() => {
      this.giveUp(`nothing came for ${ms / 1000} s`);
    }, ms);
    try {
      const ended = new Promise<never>((_resolve, reject) => {
        stop = (): void => {
          reject(signal.reason as Error);
        };
        if (signal.aborted) stop();
        else signal.addEventListener('abort', stop, { once: true });
      });
      return await Promise.race([work, ended]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    }
  }

  giveUp(reason: string): void {
    this.#ended.abort(new Error(reason));
  }

  /** Forgets the caller's signal. */
  release(): void {
    this.outer.removeEventListener('abort', this.#onAbort);
  }
}
