import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { blobHeader } from './git-blob.js';
import type { HashAnswer, HashOrder } from './hash-worker.js';

/** Digests of a whole file, hex. */
export interface Digests {
  sha256: string;
  /** Where it was asked for. */
  gitOid?: string;
}

/** The hash of a file that is still being written. */
export interface Following {
  /** Bytes before this one are there to be read. */
  upTo(end: number): void;
  /** Settles when all of the file has been hashed. */
  readonly digests: Promise<Digests>;
  /** Stops hashing; `digests` never settles. */
  drop(): void;
}

/** Up to this size a file is hashed in this thread. */
const SMALL_BYTES = 256 * 1024;

/** Of bytes that are all here. */
export const digestsOf = (bytes: Uint8Array): Required<Digests> => ({
  sha256: createHash('sha256').update(bytes).digest('hex'),
  gitOid: createHash('sha1').update(blobHeader(bytes.length)).update(bytes).digest('hex'),
});

interface Waiting {
  resolve: (digests: Digests) => void;
  reject: (error: Error) => void;
}

/**
 * Hashes files in a thread of its own, from what the system still has in memory of them: neither the transfer nor anything
 * else of this process waits for it.
 */
export class Hasher {
  #worker: Worker | undefined;
  #next = 0;
  #busyMs = 0;
  #hereMs = 0;
  readonly #waiting = new Map<number, Waiting>();

  /** Seconds that were spent on hashing so far, in the thread with the reading. */
  get busySeconds(): number {
    return (this.#busyMs + this.#hereMs) / 1000;
  }

  /** @param size of the whole file, not 0 */
  follow(path: string, size: number, { withGitOid }: { withGitOid: boolean }): Following {
    return size <= SMALL_BYTES ? this.#followHere(path, size) : this.#followInThread(path, size, withGitOid);
  }

  /** A small file is hashed at once when it is whole: the way to the thread would take longer. */
  #followHere(path: string, size: number): Following {
    let settle: { resolve: (digests: Digests) => void; reject: (error: unknown) => void } | undefined;
    const digests = new Promise<Digests>((resolve, reject) => (settle = { resolve, reject }));
    digests.catch(() => undefined);
    const hash = async (): Promise<Digests> => {
      const bytes = await readFile(path);
      const began = performance.now();
      const digest = digestsOf(bytes.subarray(0, size));
      this.#hereMs += performance.now() - began;
      return digest;
    };
    return {
      digests,
      upTo: (end) => {
        const told = end === size ? settle : undefined;
        if (told) settle = undefined;
        if (told) hash().then(told.resolve, told.reject);
      },
      drop: () => {
        settle = undefined;
      },
    };
  }

  #followInThread(path: string, size: number, withGitOid: boolean): Following {
    const id = this.#next;
    this.#next += 1;
    const digests = new Promise<Digests>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    // It may fail before anything waits for it.
    digests.catch(() => undefined);
    this.#order({ id, order: 'follow', path, size, withGitOid });
    this.#keepAlive();
    return {
      digests,
      upTo: (end) => {
        this.#order({ id, order: 'upTo', end });
      },
      drop: () => {
        if (!this.#waiting.delete(id)) return;
        this.#order({ id, order: 'drop' });
        this.#keepAlive();
      },
    };
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
    this.#worker = undefined;
  }

  #order(order: HashOrder): void {
    this.#worker ??= this.#start();
    this.#worker.postMessage(order);
  }

  #start(): Worker {
    // Flags of the process, such as the kind of a script on its command line, are not for a thread.
    const worker = new Worker(new URL('./hash-worker.js', import.meta.url), { execArgv: [] });
    worker.on('message', (answer: HashAnswer) => {
      this.#settle(answer);
    });
    worker.on('error', (error) => {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    });
    worker.on('exit', () => {
      this.#fail(new Error('the thread that hashes has ended'));
    });
    return worker;
  }

  #settle(answer: HashAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    this.#keepAlive();
    if ('error' in answer) {
      const { message, ...rest } = answer.error;
      waiting?.reject(Object.assign(new Error(message), rest));
      return;
    }
    const { sha256, gitOid, busyMs } = answer;
    this.#busyMs = busyMs;
    waiting?.resolve({ sha256, ...(gitOid === undefined ? {} : { gitOid }) });
  }

  #fail(error: Error): void {
    this.#worker = undefined;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  /** The thread keeps the process alive only while something waits for it. */
  #keepAlive(): void {
    if (this.#waiting.size > 0) this.#worker?.ref();
    else this.#worker?.unref();
  }
}
