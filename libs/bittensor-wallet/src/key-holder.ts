import { Worker } from 'node:worker_threads';
import { AssayError } from '@assay/core/errors/assay-error';
import { walletErrors } from './errors.js';
import type { KeyAnswer, KeyAnswers, KeyOrder } from './key-thread-messages.js';

interface Waiting {
  resolve: (result: KeyAnswers[keyof KeyAnswers]) => void;
  reject: (error: Error) => void;
}

/** The near end of the thread that holds a hotkey. */
export class KeyHolder {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #ended: Error | undefined;

  constructor() {
    // Without the variables of the process: passwords are among them, and nothing here needs any.
    this.#worker = new Worker(new URL('./key-thread.js', import.meta.url), { execArgv: [], env: {} });
    this.#worker.on('message', (answer: KeyAnswer) => {
      this.#settle(answer);
    });
    this.#worker.on('error', (error: unknown) => {
      this.#fail(error instanceof Error ? error.message : String(error));
    });
    this.#worker.on('exit', () => {
      this.#fail('it was stopped');
    });
    this.#worker.unref();
  }

  /** Opens the keyfile; without a public key in the answer it is encrypted, and `unlock` comes next. */
  async open(path: string): Promise<KeyAnswers['open']> {
    return opened(await this.#ask({ order: 'open', path }));
  }

  /** Takes a few seconds. The password is moved away: it is empty here afterwards. */
  async unlock(password: Uint8Array<ArrayBuffer>): Promise<KeyAnswers['unlock']> {
    return opened(await this.#ask({ order: 'unlock', password }, [password.buffer]));
  }

  /** sr25519 signature, 64 bytes. */
  async sign(message: Uint8Array): Promise<Uint8Array> {
    const signature = await this.#ask({ order: 'sign', message });
    if (signature instanceof Uint8Array) return signature;
    throw walletErrors.KEY_THREAD_ENDED({ reason: 'it answered without a signature' });
  }

  /** Overwrites the key, then ends the thread, and its heap with it. */
  async close(): Promise<void> {
    await this.#ask({ order: 'close' }).catch(() => undefined);
    await this.#worker.terminate();
  }

  /** Ends the thread at once. What it was asked rejects. */
  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  #ask(order: KeyOrder, moved: ArrayBuffer[] = []): Promise<KeyAnswers[keyof KeyAnswers]> {
    if (this.#ended) return Promise.reject(this.#ended);
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage({ id, order }, moved);
    });
  }

  #settle(answer: KeyAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if ('error' in answer) waiting?.reject(new AssayError(answer.error));
    else waiting?.resolve(answer.result);
  }

  #fail(reason: string): void {
    this.#ended ??= walletErrors.KEY_THREAD_ENDED({ reason });
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }
}

function opened(result: KeyAnswers[keyof KeyAnswers]): KeyAnswers['open'] {
  if (result !== undefined && 'notes' in result) return result;
  throw walletErrors.KEY_THREAD_ENDED({ reason: 'it answered another question' });
}
