import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import {
  EVALUATOR_PROTOCOL_VERSION,
  evaluatorMessage,
  type EvaluatorMessage,
  type EvaluatorRequest,
} from '../contracts/evaluator-protocol.js';
import type { Log } from '../contracts/logger.js';
import { AssayError } from '../errors/assay-error.js';
import { abortError } from '../errors/describe.js';
import { evaluationErrors } from './errors.js';
import { LineReader } from './line-reader.js';
import { anonymousMemory } from './process-memory.js';

export type Hello = Extract<EvaluatorMessage, { type: 'hello' }>;
type Answer = Exclude<EvaluatorMessage, { type: 'hello' | 'progress' }>;
type Progress = Extract<EvaluatorMessage, { type: 'progress' }>;
type Child = ChildProcessByStdio<Writable, Readable, Readable>;

export interface ProcessOptions {
  /** Program and arguments. */
  command: readonly string[];
  /** Beside the few variables that are passed on: nothing of the validator's, above all no secret. */
  environment: Readonly<Record<string, string>>;
  startDeadlineMs: number;
  memoryLimitBytes: number;
}

interface Pending {
  id: string;
  onProgress: (progress: Progress) => void;
  settle: (outcome: Answer | AssayError) => void;
}

const PASSED_ON = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TMPDIR', 'LD_LIBRARY_PATH', 'CUDA_VISIBLE_DEVICES', 'SystemRoot'];
const MEMORY_POLL_MS = 250;
const STDERR_KEPT = 4000;

/**
 * The parent's end of the evaluator protocol. One child at a time, started when it is needed, asked one thing at a
 * time; killed with its whole process group when it is late, too large, talks nonsense or the caller gives up, and
 * replaced at the next request. Whatever the child does, the caller gets an answer or a coded error.
 */
export class ProcessClient {
  #child: Child | undefined;
  #hello: Promise<Hello> | undefined;
  #pending: Pending | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #stderr = '';
  #closed = false;

  constructor(
    private readonly options: ProcessOptions,
    private readonly deps: { log: Log },
  ) {}

  /** What the child says of itself; starts it when need be. */
  async hello(signal: AbortSignal): Promise<Hello> {
    signal.throwIfAborted();
    this.#hello ??= this.#start();
    const starting = this.#hello;
    return withAbort(starting, signal, () => {
      this.#kill();
    });
  }

  /** Requests wait for each other. */
  async request(
    request: EvaluatorRequest,
    limits: { deadlineMs: number },
    onProgress: (progress: Progress) => void,
    signal: AbortSignal,
  ): Promise<Answer> {
    const turn = this.#queue.then(() => this.#exchange(request, limits.deadlineMs, onProgress, signal));
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const child = this.#child;
    this.#kill();
    if (child && child.exitCode === null && child.signalCode === null) {
      await new Promise((resolve) => child.once('exit', resolve));
    }
  }

  async #exchange(request: EvaluatorRequest, deadlineMs: number, onProgress: Pending['onProgress'], signal: AbortSignal): Promise<Answer> {
    if (signal.aborted || this.#closed) throw abortError();
    await this.hello(signal);
    const child = this.#child;
    if (!child) throw evaluationErrors.EVALUATOR_CRASHED({ exit: 'before the request', stderr: this.#stderr });
    this.#stderr = '';
    const outcome = await new Promise<Answer | AssayError>((resolve) => {
      const fail = (error: AssayError): void => {
        this.#kill();
        resolve(error);
      };
      const timer = setTimeout(() => {
        fail(evaluationErrors.EVALUATOR_DEADLINE({ deadlineMs }));
      }, deadlineMs);
      const memory = setInterval(() => void this.#checkMemory(child, fail), MEMORY_POLL_MS);
      const onAbort = (): void => {
        fail(abortError());
      };
      signal.addEventListener('abort', onAbort, { once: true });
      const settle = (result: Answer | AssayError): void => {
        clearTimeout(timer);
        clearInterval(memory);
        signal.removeEventListener('abort', onAbort);
        resolve(result);
      };
      this.#pending = { id: request.id, onProgress, settle };
      child.stdin.write(`${JSON.stringify(request)}\n`);
    });
    this.#pending?.settle(outcome);
    this.#pending = undefined;
    if (outcome instanceof AssayError) throw outcome;
    if (outcome.type === 'fault') throw new AssayError(outcome.error);
    return outcome;
  }

  async #checkMemory(child: Child, fail: (error: AssayError) => void): Promise<void> {
    if (child.pid === undefined) return;
    const bytes = await anonymousMemory(child.pid);
    const limit = this.options.memoryLimitBytes;
    if (bytes !== undefined && bytes > limit) fail(evaluationErrors.EVALUATOR_MEMORY({ bytes, limit }));
  }

  async #start(): Promise<Hello> {
    const { command, startDeadlineMs } = this.options;
    const [program = '', ...args] = command;
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true, env: this.#environment() });
    this.#child = child;
    return new Promise<Hello>((resolve, reject) => {
      const fail = (reason: string): void => {
        this.#kill();
        reject(evaluationErrors.EVALUATOR_START({ command: command.join(' '), reason }));
      };
      const timer = setTimeout(() => {
        fail(`it said nothing within ${Math.round(startDeadlineMs / 1000)} s`);
      }, startDeadlineMs);
      this.#listen(child, (first) => {
        clearTimeout(timer);
        if (first.type !== 'hello') fail('its first line is not a hello');
        else if (first.protocol !== EVALUATOR_PROTOCOL_VERSION) {
          this.#kill();
          reject(evaluationErrors.EVALUATOR_VERSION({ version: first.protocol, wanted: EVALUATOR_PROTOCOL_VERSION }));
        } else resolve(first);
      });
      child.once('error', (error) => {
        clearTimeout(timer);
        fail(error.message);
      });
      child.once('exit', (code, signal) => {
        clearTimeout(timer);
        fail(`it ended with ${describeExit(code, signal)}. ${this.#stderr.trim().slice(-500)}`);
      });
    });
  }

  #listen(child: Child, onFirst: (message: EvaluatorMessage) => void): void {
    let greeted = false;
    const breach = (reason: string, line: string): void => {
      const error = evaluationErrors.EVALUATOR_PROTOCOL({ reason, line: line.slice(0, 200) });
      this.#drop(child, error);
    };
    const reader = new LineReader(
      (line) => {
        const message = parseMessage(line);
        if (!message) breach('a line is not one of its messages', line);
        else if (!greeted) {
          greeted = true;
          onFirst(message);
        } else this.#receive(message, breach);
      },
      () => {
        breach('a line is too long', '');
      },
    );
    child.stdout.on('data', (chunk: Buffer) => {
      reader.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString('utf8')).slice(-STDERR_KEPT);
      this.deps.log('debug', 'evaluator stderr', { text: chunk.toString('utf8').slice(0, STDERR_KEPT) });
    });
    // A child that dies while it is written to answers through its exit.
    child.stdin.on('error', () => undefined);
    child.once('exit', (code, signal) => {
      this.#drop(child, evaluationErrors.EVALUATOR_CRASHED({ exit: describeExit(code, signal), stderr: this.#stderr }));
    });
  }

  #receive(message: EvaluatorMessage, breach: (reason: string, line: string) => void): void {
    const pending = this.#pending;
    if (message.type === 'hello') breach('it said hello twice', '');
    else if (!pending || message.id !== pending.id) {
      // A late answer to a request that was given up; its process was killed, so there is nobody else to say it.
      this.deps.log('debug', 'an answer to no question', { id: message.id });
    } else if (message.type === 'progress') pending.onProgress(message);
    else pending.settle(message);
  }

  /** The child is of no more use: whoever waits for it learns why, and the next request gets another. */
  #drop(child: Child, error: AssayError): void {
    if (this.#child !== child) return;
    const pending = this.#pending;
    this.#kill();
    pending?.settle(error);
  }

  #kill(): void {
    const child = this.#child;
    this.#child = undefined;
    this.#hello = undefined;
    if (child?.pid === undefined) return;
    try {
      // The whole group: grandchildren too.
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      child.kill('SIGKILL');
    }
  }

  #environment(): Record<string, string> {
    const passed = PASSED_ON.flatMap((name): [string, string][] => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    });
    return { ...Object.fromEntries(passed), ...this.options.environment };
  }
}

function parseMessage(line: string): EvaluatorMessage | undefined {
  try {
    const parsed = evaluatorMessage.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

const describeExit = (code: number | null, signal: string | null): string => (signal === null ? `exit code ${code ?? 'unknown'}` : `signal ${signal}`);

async function withAbort<T>(work: Promise<T>, signal: AbortSignal, onAbort: () => void): Promise<T> {
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = (): void => {
      onAbort();
      reject(abortError());
    };
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
