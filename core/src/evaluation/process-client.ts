import type { EvaluatorHello, EvaluatorNotice, EvaluatorRequest } from '../contracts/evaluator-protocol.js';
import type { Log } from '../contracts/logger.js';
import { setTimeout as delay } from 'node:timers/promises';
import { AssayError, isAssayError } from '../errors/assay-error.js';
import { abortError } from '../errors/describe.js';
import { untilAborted } from '../runtime/until-aborted.js';
import { evaluationErrors } from './errors.js';
import { withoutNetwork } from './network-isolation.js';
import { EvaluatorChild, type Answer, type OnMessage, type ProcessOptions } from './evaluator-child.js';
import { KeptProcesses } from './kept-processes.js';

export type { ProcessOptions } from './evaluator-child.js';

/** Pauses before a process that was killed while it started is started again, in milliseconds. */
const START_AGAIN_MS = [250, 500, 1000, 2000];

type PrepareNotice = Extract<EvaluatorNotice, { type: 'prepare' }>;

export interface ClientOptions extends ProcessOptions {
  /** Whether a process evaluates one model and ends; the next one starts while this one computes. */
  oneModelEach: boolean;
}

/**
 * The parent's end of the evaluator protocol. One process at a time is asked one thing at a time; it is killed when it
 * is late, too large or breaks its protocol, and replaced at the next request.
 * Whatever the process does, the caller gets an answer or a coded error.
 */
export class ProcessClient {
  /** The one that is asked next. */
  #child: EvaluatorChild | undefined;
  /** The one that is being asked, where it is not the same. */
  #busy: EvaluatorChild | undefined;
  /** Those that have a model loaded of which another part is asked for. */
  readonly #kept = new KeptProcesses();
  #next: PrepareNotice | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #closed = false;
  #warned = false;

  constructor(
    private readonly options: ClientOptions,
    private readonly deps: { log: Log },
  ) {}

  /**
   * What the process says of itself; starts it when need be, and again when it was killed before it said anything.
   * @throws EVALUATOR_KILLED when that happens every time
   */
  async hello(signal: AbortSignal): Promise<EvaluatorHello> {
    for (const pauseMs of START_AGAIN_MS) {
      try {
        return await untilAborted(this.#idle(signal).hello, signal);
      } catch (error) {
        if (!isKilled(error)) throw error;
        this.deps.log('warn', 'the evaluator was killed while it started and is started again', { pauseMs });
        await untilAborted(delay(pauseMs), signal);
      }
    }
    try {
      return await untilAborted(this.#idle(signal).hello, signal);
    } catch (error) {
      if (!isKilled(error)) throw error;
      const { exit } = error.payload;
      const tries = START_AGAIN_MS.length + 1;
      throw evaluationErrors.EVALUATOR_KILLED(
        { command: this.options.command.join(' '), exit: String(exit), tries },
        error,
      );
    }
  }

  /**
   * Requests wait for each other; the deadline counts from the moment at which this one is written.
   * @throws the process's own fault as a coded error, or what became of the process (core/src/evaluation/errors.ts)
   */
  async request(
    request: EvaluatorRequest,
    limits: { deadlineMs: number },
    onMessage: OnMessage,
    signal: AbortSignal,
  ): Promise<Answer> {
    const turn = this.#queue.then(async () => {
      if (!this.#kept.has(request)) await this.hello(signal);
      return this.#exchange(request, limits.deadlineMs, onMessage, signal);
    });
    this.#queue = turn.catch(() => undefined);
    const answer = await untilAborted(turn, signal);
    if (answer.type === 'fault') throw new AssayError(answer.error);
    return answer;
  }

  /** What comes next, for the process that waits while another one computes. */
  prepare(notice: PrepareNotice): void {
    this.#next = notice;
    if (this.#busy && this.#child) this.#tell(this.#child);
  }

  /** A model of which no further part is asked for. */
  release(digest: string): void {
    this.#kept.release(digest);
    if (!this.options.oneModelEach) this.#child?.tell({ type: 'release', digest });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const children = [this.#child, this.#busy].flatMap((child) => child ?? []);
    for (const child of children) child.end(abortError());
    await Promise.all([this.#kept.close(), ...children.map(({ gone }) => gone)]);
  }

  async #exchange(
    request: EvaluatorRequest,
    deadlineMs: number,
    onMessage: OnMessage,
    signal: AbortSignal,
  ): Promise<Answer> {
    if (!this.options.oneModelEach)
      return this.#idle(signal).exchange(request, { deadlineMs, cancels: true }, onMessage, signal);
    let child = this.#kept.take(request);
    if (!child) [child, this.#child] = [this.#idle(signal), undefined];
    this.#busy = child;
    const withSpare: OnMessage = (message) => {
      // Not before the first result: loading wants the processor for itself.
      if (message.type === 'losses' && !this.#closed) this.#child ??= this.#start();
      return onMessage(message);
    };
    try {
      const answer = await child.exchange(request, { deadlineMs, cancels: false }, withSpare, signal);
      if (answer.type === 'answer' && !this.#closed) this.#kept.put(request, child);
      return answer;
    } finally {
      this.#busy = undefined;
      if (!this.#kept.holds(child)) {
        child.end(abortError());
        await child.gone;
      }
    }
  }

  #idle(signal: AbortSignal): EvaluatorChild {
    if (signal.aborted || this.#closed) throw abortError();
    if (!this.#child?.alive) this.#child = this.#start();
    return this.#child;
  }

  #start(): EvaluatorChild {
    if (!this.#warned && this.options.network === 'deny-if-possible' && !withoutNetwork()) {
      this.#warned = true;
      this.deps.log(
        'warn',
        'the evaluator keeps its access to the network: there is no way to take it on this machine',
        {},
      );
    }
    const child = new EvaluatorChild(this.options, this.deps);
    this.#tell(child);
    return child;
  }

  #tell(child: EvaluatorChild): void {
    const notice = this.#next;
    if (!notice) return;
    child.hello.then(
      () => {
        if (this.#next === notice && this.#child === child) child.tell(notice);
      },
      () => undefined,
    );
  }
}

const isKilled = (error: unknown): error is AssayError => isAssayError(error) && error.code === 'EVALUATOR_KILLED';
