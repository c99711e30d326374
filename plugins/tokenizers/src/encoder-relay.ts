import { fork, type ChildProcess } from 'node:child_process';
import { MessagePort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { answerSchema, requestSchema, type EncoderAnswer, type EncoderRequest } from './encoder-protocol.js';

/**
 * The thread between a caller that waits without returning and the process that answers: it passes on requests, starts
 * the process, ends it where it is late, and says why it ended.
 */

const LAST_WORDS = 4000;
const PANIC = /panicked at [^\n]*\n([^\n]*)/;

class Relay {
  #child: ChildProcess | undefined;

  constructor(private readonly deadlineMs: number) {}

  ask(request: EncoderRequest): Promise<EncoderAnswer> {
    return new Promise((resolve) => {
      const child = (this.#child ??= startProcess());
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        child.kill('SIGKILL');
      }, this.deadlineMs);
      const settle = (answer: EncoderAnswer): void => {
        clearTimeout(timer);
        child.off('message', take).off('close', ended).off('error', failed);
        if (answer.kind === 'ended') this.#child = undefined;
        resolve(answer);
      };
      const take = (message: unknown): void => {
        settle(answerSchema.parse(message));
      };
      const words = lastWords(child);
      const ended = (code: number | null, signal: string | null): void => {
        const how = late ? `there was no answer within ${this.deadlineMs} ms` : `it ended with ${signal ?? code}`;
        const panic = PANIC.exec(words())?.[1];
        settle({ kind: 'ended', reason: panic === undefined ? how : `${how}: ${panic}` });
      };
      const failed = (error: Error): void => {
        settle({ kind: 'ended', reason: error.message });
      };
      child.on('message', take).on('close', ended).on('error', failed);
      child.send(request);
    });
  }
}

/** Without the environment of the caller: the library needs none of it, and there are secrets in it. */
function startProcess(): ChildProcess {
  return fork(new URL('./encoder-process.js', import.meta.url), {
    env: {},
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
}

/** What the process writes to stderr from now on. */
function lastWords(child: ChildProcess): () => string {
  let words = '';
  child.stderr?.removeAllListeners('data').on('data', (part: Buffer) => {
    words = `${words}${part.toString('utf8')}`.slice(-LAST_WORDS);
  });
  return () => words;
}

const { port, turn, deadlineMs } = z
  .object({ port: z.instanceof(MessagePort), turn: z.instanceof(Int32Array), deadlineMs: z.number() })
  .parse(workerData);
const relay = new Relay(deadlineMs);
port.on('message', (message: unknown) => {
  void relay.ask(requestSchema.parse(message)).then((answer) => {
    port.postMessage(answer);
    Atomics.add(turn, 0, 1);
    Atomics.notify(turn, 0);
  });
});
