import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type {
  EvaluatorHello,
  EvaluatorMessage,
  EvaluatorNotice,
  EvaluatorRequest,
} from '../contracts/evaluator-protocol.js';
import type { Log } from '../contracts/logger.js';
import { AssayError, isAssayError } from '../errors/assay-error.js';
import { abortError } from '../errors/describe.js';
import { childEnvironment } from './child-environment.js';
import { evaluationErrors } from './errors.js';
import { exitText, isKill } from './exits.js';
import { helloOf, messageOf } from './incoming-lines.js';
import { LineReader } from './line-reader.js';
import { commandFor, type NetworkAccess } from './network-isolation.js';
import { anonymousMemory, isStopped } from './process-memory.js';

const STEPS = ['progress', 'losses', 'tensors', 'values'] as const;
/** What comes while a request is computed. */
export type Step = Extract<EvaluatorMessage, { type: (typeof STEPS)[number] }>;
export type Answer = Exclude<EvaluatorMessage, Step>;
/** Takes what comes for a request. @returns what is wrong with it: the program broke its protocol */
export type OnMessage = (message: Step | Answer) => string | undefined;
interface ExchangeLimits {
  deadlineMs: number;
  /** Whether a program that can cancel a request is told to, and stays, when the signal fires; else it is killed. */
  cancels: boolean;
}

export interface ProcessOptions {
  /** Program and arguments. */
  command: readonly string[];
  /** Beside the few variables that are passed on: nothing of the validator's, above all no secret. */
  environment: Readonly<Record<string, string>>;
  startDeadlineMs: number;
  /** Anonymous memory of the process and its descendants at which they are killed. */
  memoryLimitBytes: number;
  network: NetworkAccess;
}

interface Pending {
  id: string;
  onMessage: OnMessage;
  resolve: (answer: Answer) => void;
  reject: (error: AssayError) => void;
}

const POLL_MS = 250;
/** A program that lists `cancel` ends a request within this time, or it is killed. */
const CANCEL_MS = 2000;
const STDERR_KEPT = 4000;
/** Output that was written before the end may still be on its way; a grandchild may hold the pipe open for ever. */
const LAST_WORDS_MS = 250;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * One process of an evaluator, from its start to its end. It ends once, for one reason, and whoever waits for it then
 * learns that reason; its whole process group ends with it.
 */
export class EvaluatorChild {
  /** What it says of itself. Rejects when it ends first. */
  readonly hello: Promise<EvaluatorHello>;
  /** Resolves when the process is gone. */
  readonly gone: Promise<void>;
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable> | undefined;
  #greet: ((hello: EvaluatorHello) => void) | undefined;
  #operations: readonly string[] = [];
  #refuse: (error: AssayError) => void = () => undefined;
  #pending: Pending | undefined;
  #ended: AssayError | undefined;
  #stderr = '';
  /** Whether the process was seen stopped by a signal during the request under way. */
  #stopped = false;
  readonly #killWithParent = (): void => {
    this.#kill();
  };

  constructor(
    private readonly options: ProcessOptions,
    private readonly deps: { log: Log },
  ) {
    this.hello = new Promise((resolve, reject) => {
      this.#greet = resolve;
      this.#refuse = reject;
    });
    // Who asks, awaits it; nobody has to.
    this.hello.catch(() => undefined);
    try {
      const [program = '', ...args] = commandFor(options.command, options.network);
      this.#process = spawn(program, args, {
        stdio: ['pipe', 'pipe', 'pipe'],
        detached: true,
        env: childEnvironment(options.environment),
      });
    } catch (error) {
      this.end(isAssayError(error) ? error : this.#startError(error instanceof Error ? error.message : String(error)));
    }
    this.gone = this.#listen();
  }

  /** Says something that gets no answer, to a program whose hello lists it. */
  tell(notice: EvaluatorNotice): void {
    if (this.alive && this.#operations.includes(notice.type)) this.#write(notice);
  }

  get alive(): boolean {
    return this.#ended === undefined;
  }

  /**
   * Asks one thing; nothing else may be asked meanwhile. A deadline that passes ends the process. So does the signal, unless
   * the program can cancel and `cancels` is set.
   */
  async exchange(
    request: EvaluatorRequest,
    { deadlineMs, cancels }: ExchangeLimits,
    onMessage: OnMessage,
    signal: AbortSignal,
  ): Promise<Answer> {
    if (this.#ended) throw this.#ended;
    requireWanted(signal);
    this.#stopped = false;
    const timer = setTimeout(
      () => {
        this.end(evaluationErrors.EVALUATOR_DEADLINE({ deadlineMs, stopped: this.#stopped }));
      },
      Math.min(deadlineMs, LONGEST_TIMER_MS),
    );
    const memory = setInterval(() => void this.#look(), POLL_MS);
    let patience: NodeJS.Timeout | undefined;
    const onAbort = (): void => {
      if (cancels && this.#operations.includes('cancel')) patience = this.#cancel(request.id);
      else this.end(abortError());
    };
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      const answer = await new Promise<Answer>((resolve, reject) => {
        const heard: OnMessage = (message) => (signal.aborted ? undefined : onMessage(message));
        this.#pending = { id: request.id, onMessage: heard, resolve, reject };
        this.#write(request);
      });
      requireWanted(signal);
      return answer;
    } finally {
      this.#pending = undefined;
      clearTimeout(timer);
      clearTimeout(patience);
      clearInterval(memory);
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Tells the program to give a request up, and kills it when it does not. */
  #cancel(id: string): NodeJS.Timeout {
    this.tell({ type: 'cancel', id });
    return setTimeout(() => {
      this.end(abortError());
    }, CANCEL_MS);
  }

  /** Kills it for a reason. The first reason stands. */
  end(reason: AssayError): void {
    if (this.#ended) return;
    this.#ended = reason;
    this.#kill();
    this.#refuse(reason);
    this.#pending?.reject(reason);
  }

  #write(line: EvaluatorRequest | EvaluatorNotice): void {
    this.#process?.stdin.write(`${JSON.stringify(line)}\n`);
  }

  #listen(): Promise<void> {
    const child = this.#process;
    if (!child) return Promise.resolve();
    const startTimer = setTimeout(
      () => {
        if (this.#greet)
          this.end(this.#startError(`it said nothing within ${Math.round(this.options.startDeadlineMs / 1000)} s`));
      },
      Math.min(this.options.startDeadlineMs, LONGEST_TIMER_MS),
    );
    const reader = new LineReader(
      (line) => {
        this.#receive(line);
      },
      () => {
        this.#breach('a line is too long', '');
      },
    );
    child.stdout.on('data', (chunk: Buffer) => {
      if (this.alive) reader.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      const text = chunk.toString('utf8');
      this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT);
      this.deps.log('debug', 'evaluator stderr', { text: text.slice(0, STDERR_KEPT) });
    });
    // A child that dies while it is written to answers through its exit.
    child.stdin.on('error', () => undefined);
    process.once('exit', this.#killWithParent);
    return new Promise((resolve) => {
      const over = (): void => {
        clearTimeout(startTimer);
        process.off('exit', this.#killWithParent);
        resolve();
      };
      child.once('error', (error) => {
        this.end(this.#startError(error.message));
        over();
      });
      child.stdout.once('end', () => {
        this.#endSoon('its output closed');
      });
      child.once('exit', (code, signal) => {
        const exit = exitText(code, signal);
        // Descendants that outlive it have nobody left to answer to.
        this.#kill();
        child.once('close', () => {
          this.#endedWith(exit);
        });
        this.#endSoon(exit);
        over();
      });
    });
  }

  /** Unless its last words come first. */
  #endSoon(exit: string): void {
    setTimeout(() => {
      this.#endedWith(exit);
    }, LAST_WORDS_MS).unref();
  }

  #endedWith(exit: string): void {
    const stderr = this.#stderr;
    if (!this.#greet) this.end(evaluationErrors.EVALUATOR_CRASHED({ exit, stderr }));
    else if (isKill(exit))
      this.end(evaluationErrors.EVALUATOR_KILLED({ command: this.options.command.join(' '), exit, tries: 1 }));
    else this.end(this.#startError(`it ended with ${exit}. ${stderr.trim().slice(-500)}`));
  }

  #receive(line: string): void {
    if (!this.alive) return;
    if (this.#greet) {
      this.#welcome(line, this.#greet);
      return;
    }
    const message = messageOf(line);
    if (!message) this.#breach('a line is not one of its messages', line);
    else if (message.id !== this.#pending?.id) this.#breach('it answers what nobody asked', line);
    else this.#take(message, this.#pending, line);
  }

  #take(message: EvaluatorMessage, pending: Pending, line: string): void {
    const reason = pending.onMessage(message);
    if (reason !== undefined) this.#breach(reason, line);
    else if (!isStep(message)) {
      this.#pending = undefined;
      pending.resolve(message);
    }
  }

  #welcome(line: string, greet: (hello: EvaluatorHello) => void): void {
    const hello = helloOf(line, this.options.command.join(' '));
    if (isAssayError(hello)) {
      this.end(hello);
      return;
    }
    this.#greet = undefined;
    this.#operations = hello.operations;
    greet(hello);
  }

  #breach(reason: string, line: string): void {
    this.end(evaluationErrors.EVALUATOR_PROTOCOL({ reason, line: line.slice(0, 200) }));
  }

  #startError(reason: string): AssayError {
    return evaluationErrors.EVALUATOR_START({ command: this.options.command.join(' '), reason });
  }

  /** Watches the memory of the process, and whether somebody stops it. */
  async #look(): Promise<void> {
    const pid = this.#process?.pid;
    const limit = this.options.memoryLimitBytes;
    if (pid === undefined) return;
    this.#stopped ||= await isStopped(pid);
    const bytes = await anonymousMemory(pid);
    if (bytes !== undefined && bytes > limit) this.end(evaluationErrors.EVALUATOR_MEMORY({ bytes, limit }));
  }

  #kill(): void {
    const pid = this.#process?.pid;
    if (pid === undefined) return;
    try {
      // It leads a group of its own: grandchildren go too.
      process.kill(-pid, 'SIGKILL');
    } catch {
      this.#process?.kill('SIGKILL');
    }
  }
}

const isStep = (message: Step | Answer): message is Step => STEPS.some((type) => type === message.type);

/** @throws ABORTED */
function requireWanted(signal: AbortSignal): void {
  if (signal.aborted) throw abortError();
}
