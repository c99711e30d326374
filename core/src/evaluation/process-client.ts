import type { EvaluatorRequest } from '../contracts/evaluator-protocol.js';
import type { Log } from '../contracts/logger.js';
import { AssayError } from '../errors/assay-error.js';
import { abortError } from '../errors/describe.js';
import { EvaluatorChild, type Answer, type Hello, type ProcessOptions, type Progress } from './evaluator-child.js';

export type { Hello, ProcessOptions } from './evaluator-child.js';

/**
 * The parent's end of the evaluator protocol. One process at a time, started when it is needed, asked one thing at a
 * time; killed when it is late, too large, talks nonsense or the caller gives up, and replaced at the next request.
 * Whatever the process does, the caller gets an answer or a coded error.
 */
export class ProcessClient {
  #child: EvaluatorChild | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(
    private readonly options: ProcessOptions,
    private readonly deps: { log: Log },
  ) {}

  /** What the process says of itself; starts it when need be. */
  async hello(signal: AbortSignal): Promise<Hello> {
    return unlessAborted(this.#running(signal).hello, signal);
  }

  /**
   * Requests wait for each other; the deadline counts from the moment at which this one is written.
   * @throws the process's own fault as a coded error, or what became of the process (core/src/evaluation/errors.ts)
   */
  async request(
    request: EvaluatorRequest,
    limits: { deadlineMs: number },
    onProgress: (progress: Progress) => void,
    signal: AbortSignal,
  ): Promise<Answer> {
    const turn = this.#queue.then(async () => {
      await this.hello(signal);
      return this.#running(signal).exchange(request, limits.deadlineMs, onProgress, signal);
    });
    this.#queue = turn.catch(() => undefined);
    const answer = await unlessAborted(turn, signal);
    if (answer.type === 'fault') throw new AssayError(answer.error);
    return answer;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#child?.end(abortError());
    await this.#child?.gone;
  }

  #running(signal: AbortSignal): EvaluatorChild {
    if (signal.aborted || this.#closed) throw abortError();
    if (!this.#child?.alive) this.#child = new EvaluatorChild(this.options, this.deps);
    return this.#child;
  }
}

/** Stops waiting at once; what is waited for hears of it through the signal itself. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = (): void => {
      reject(abortError());
    };
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
