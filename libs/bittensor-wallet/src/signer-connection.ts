import { connect, type Socket } from 'node:net';
import { LineReader } from '@assay/core/evaluation/line-reader';
import { issueLines } from '@assay/core/errors/describe';
import { walletErrors } from './errors.js';
import {
  MAX_LINE_BYTES,
  SIGNER_PROTOCOL,
  signerAnswer,
  type SignerAnswer,
  type SignerRequest,
} from './signer-messages.js';

interface Waiting {
  resolve: (answer: SignerAnswer) => void;
  reject: (error: Error) => void;
}

/** One connection to an external signer. After its first failure it is closed, and what waits rejects. */
export class SignerConnection {
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #failure: Error | undefined;

  private constructor(
    private readonly path: string,
    private readonly socket: Socket,
  ) {
    const lines = new LineReader(
      (line) => {
        this.#read(line);
      },
      () => {
        this.#break(`a line has more than ${MAX_LINE_BYTES} bytes`);
      },
      MAX_LINE_BYTES,
    );
    socket.on('data', (chunk: Buffer) => {
      if (!this.#failure) lines.push(chunk);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.fail(walletErrors.SIGNER_DISCONNECTED({ path }));
    });
  }

  /** Rejects with the error of the system. */
  static open(path: string): Promise<SignerConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect(path);
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        socket.unref();
        resolve(new SignerConnection(path, socket));
      });
    });
  }

  get usable(): boolean {
    return this.#failure === undefined;
  }

  /** @throws SIGNER_DISCONNECTED, SIGNER_ANSWER_INVALID, SIGNER_REFUSED */
  async ask(request: SignerRequest): Promise<SignerAnswer> {
    if (this.#failure) throw this.#failure;
    this.#lastId += 1;
    const id = this.#lastId;
    const answer = await new Promise<SignerAnswer>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.socket.ref();
      this.socket.write(`${JSON.stringify({ version: SIGNER_PROTOCOL, id, ...request })}\n`);
    });
    if ('error' in answer) throw walletErrors.SIGNER_REFUSED({ path: this.path, reason: answer.error.message });
    return answer;
  }

  fail(error: Error): void {
    this.#failure ??= error;
    this.socket.destroy();
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
  }

  #break(reason: string): void {
    this.fail(walletErrors.SIGNER_ANSWER_INVALID({ path: this.path, reason }));
  }

  #read(line: string): void {
    if (this.#failure) return;
    const { data: answer, error } = signerAnswer.safeParse(jsonOf(line));
    if (!answer) {
      this.#break(`an answer is not of version ${SIGNER_PROTOCOL} (${issueLines(error)?.[0] ?? 'no JSON'})`);
      return;
    }
    const waiting = this.#waiting.get(answer.id);
    if (!waiting) {
      this.#break(`an answer to request ${answer.id}, which does not wait for one`);
      return;
    }
    this.#waiting.delete(answer.id);
    if (this.#waiting.size === 0) this.socket.unref();
    waiting.resolve(answer);
  }
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
