import type { Dispatcher } from 'undici';
import type { Patience } from './patience.js';

interface BodyLimits {
  /** Silence after which a body is given up. */
  timeoutMs: number;
  /** A body that brings fewer bytes than this in `timeoutMs` of waiting is given up too. */
  minBytes: number;
}

interface BodyWatch {
  /** Called once, however the body ends. */
  onEnd?: () => void;
  /** Called with the bytes received so far, and at the end of the body; what it throws ends the body. */
  onChunk: (received: number, done: boolean) => void;
  /** Turns what went wrong into the error that a reader gets. */
  explain?: (error: unknown) => unknown;
}

/**
 * The bytes of a body, read as they are asked for: a reader that stops stops the transfer. Only time in which a reader waits
 * counts as silence.
 */
export class BodyBytes implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #chunks: AsyncIterator<Uint8Array, undefined>;
  #ended = false;
  #received = 0;
  #window = { bytes: 0, waitedMs: 0 };

  constructor(
    private readonly body: Dispatcher.ResponseData['body'],
    private readonly limits: BodyLimits,
    private readonly patience: Patience,
    private readonly watch: BodyWatch,
  ) {
    body.on('error', () => undefined);
    this.#chunks = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array, undefined>;
    // A body that nobody reads must not keep its place and connection.
    const onAbort = (): void => {
      this.#end();
    };
    patience.signal.addEventListener('abort', onAbort, { once: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    try {
      this.patience.signal.throwIfAborted();
      if (this.#ended) return { done: true, value: undefined };
      const started = performance.now();
      const part = await this.patience.wait(this.#chunks.next(), this.limits.timeoutMs);
      if (part.done) this.#end();
      else this.#count(part.value.length, performance.now() - started);
      this.patience.signal.throwIfAborted();
      this.watch.onChunk(this.#received, part.done === true);
      return part;
    } catch (error) {
      this.#end();
      throw this.watch.explain?.(error) ?? error;
    }
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  #count(bytes: number, waitedMs: number): void {
    const { timeoutMs, minBytes } = this.limits;
    this.#received += bytes;
    this.#window.bytes += bytes;
    this.#window.waitedMs += waitedMs;
    if (this.#window.waitedMs < timeoutMs) return;
    if (this.#window.bytes < minBytes)
      this.patience.giveUp(`only ${this.#window.bytes} bytes came in ${timeoutMs / 1000} s`);
    this.#window = { bytes: 0, waitedMs: 0 };
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.body.destroy();
    this.patience.release();
    this.watch.onEnd?.();
  }
}
