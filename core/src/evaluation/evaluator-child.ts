import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import {
  EVALUATOR_PROTOCOL_VERSION,
  evaluatorMessage,
  type EvaluatorHint,
  type EvaluatorMessage,
  type EvaluatorRequest,
} from '../contracts/evaluator-protocol.js';
import type { Log } from '../contracts/logger.js';
import { AssayError, isAssayError } from '../errors/assay-error.js';
import { abortError } from '../errors/describe.js';
import { evaluationErrors } from './errors.js';
import { LineReader } from './line-reader.js';
import { withoutNetwork, type NetworkAccess } from './network-isolation.js';
import { anonymousMemory, isStopped } from './process-memory.js';

export type Hello = Extract<EvaluatorMessage, { type: 'hello' }>;
export type Answer = Exclude<EvaluatorMessage, { type: 'hello' | 'progress' }>;
export type Progress = Extract<EvaluatorMessage, { type: 'progress' }>;

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
  onProgress: (progress: Progress) => void;
  resolve: (answer: Answer) => void;
  reject: (error: AssayError) => void;
}

const PASSED_ON = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TMPDIR', 'LD_LIBRARY_PATH', 'CUDA_VISIBLE_DEVICES', 'SystemRoot'];
const POLL_MS = 250;
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
  readonly hello: Promise<Hello>;
  /** Resolves when the process is gone. */
  readonly gone: Promise<void>;
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable> | undefined;
  #greet: ((hello: Hello) => void) | undefined;
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
      const [program = '', ...args] = this.#command();
      this.#process = spawn(program, args, {
        stdio: ['pipe', 'pipe', 'pipe'],
        detached: true,
        env: environment(options),
      });
    } catch (error) {
      this.end(isAssayError(error) ? error : this.#startError(error instanceof Error ? error.message : String(error)));
    }
    this.gone = this.#listen();
  }

  #command(): readonly string[] {
    const { command, network } = this.options;
    if (network === 'allow') return command;
    const prefix = withoutNetwork();
    if (!prefix && network === 'deny') throw evaluationErrors.EVALUATOR_NETWORK({ command: command.join(' ') });
    return [...(prefix ?? []), ...command];
  }

  /** Says something that needs no answer. */
  tell(hint: EvaluatorHint): void {
    if (this.alive) this.#process?.stdin.write(`${JSON.stringify(hint)}\n`);
  }

  get alive(): boolean {
    return this.#ended === undefined;
  }

  /** Asks one thing; nothing else may be asked meanwhile. Giving up in any way ends the process. */
  async exchange(
    request: EvaluatorRequest,
    deadlineMs: number,
    onProgress: Pending['onProgress'],
    signal: AbortSignal,
  ): Promise<Answer> {
    if (this.#ended) throw this.#ended;
    if (signal.aborted) throw abortError();
    this.#stopped = false;
    const timer = setTimeout(
      () => {
        this.end(evaluationErrors.EVALUATOR_DEADLINE({ deadlineMs, stopped: this.#stopped }));
      },
      Math.min(deadlineMs, LONGEST_TIMER_MS),
    );
    const memory = setInterval(() => void this.#look(), POLL_MS);
    const onAbort = (): void => {
      this.end(abortError());
    };
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await new Promise<Answer>((resolve, reject) => {
        this.#pending = { id: request.id, onProgress, resolve, reject };
        this.#process?.stdin.write(`${JSON.stringify(request)}\n`);
      });
    } finally {
      this.#pending = undefined;
      clearTimeout(timer);
      clearInterval(memory);
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Kills it for a reason. The first reason stands. */
  end(reason: AssayError): void {
    if (this.#ended) return;
    this.#ended = reason;
    this.#kill();
    this.#refuse(reason);
    this.#pending?.reject(reason);
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
        const exit = signal === null ? `exit code ${code ?? 'unknown'}` : `signal ${signal}`;
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
    const message = parseMessage(line);
    if (!this.alive) return;
    if (this.#greet) this.#welcome(message);
    else if (!message) this.#breach('a line is not one of its messages', line);
    else if (message.type === 'hello') this.#breach('it said hello twice', line);
    else if (message.id !== this.#pending?.id) this.#breach('it answers what nobody asked', line);
    else if (message.type === 'progress') this.#pending.onProgress(message);
    else {
      const { resolve } = this.#pending;
      this.#pending = undefined;
      resolve(message);
    }
  }

  #welcome(message: EvaluatorMessage | undefined): void {
    // A program that can't start may say why.
    if (message?.type === 'fault') this.end(new AssayError(message.error));
    else if (message?.type !== 'hello') this.end(this.#startError('its first line is not a hello'));
    else if (message.protocol !== EVALUATOR_PROTOCOL_VERSION) {
      this.end(evaluationErrors.EVALUATOR_VERSION({ version: message.protocol, wanted: EVALUATOR_PROTOCOL_VERSION }));
    } else {
      this.#greet?.(message);
      this.#greet = undefined;
    }
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

/** Signals that come from outside of the process; a shell or a wrapper reports them as 128 and their number. */
const isKill = (exit: string): boolean =>
  ['signal SIGKILL', 'signal SIGTERM', 'signal SIGHUP', 'signal SIGINT', 'exit code 137', 'exit code 143'].includes(
    exit,
  );

function parseMessage(line: string): EvaluatorMessage | undefined {
  try {
    return evaluatorMessage.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

function environment(options: ProcessOptions): Record<string, string> {
  const passed = PASSED_ON.flatMap((name): [string, string][] => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value]];
  });
  return { ...Object.fromEntries(passed), ...options.environment };
}
