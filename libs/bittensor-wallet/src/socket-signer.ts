import { lstatSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAssayError } from '@assay/core/errors/assay-error';
import type { Log } from '@assay/core/contracts/logger';
import { printable } from '@assay/core/errors/printable';
import { walletErrors } from './errors.js';
import { untilAborted } from '@assay/core/runtime/until-aborted';
import type { Signer } from './signer.js';
import { SignerConnection } from './signer-connection.js';
import { LONGEST_PURPOSE, MAX_MESSAGE_BYTES, type SignerAnswer, type SignerRequest } from './signer-messages.js';
import { addressKey, encodedAddress, isSignedBy } from './ss58.js';

export interface SocketSignerOptions {
  /** Path of the signer's Unix socket. */
  path: string;
  /** ss58 address that the signer has to sign for; any where left out. */
  address?: string;
  /** Uid that may own the socket beside root and the user of this process, for a signer with a user of its own. */
  owner?: number;
  /** Limit for one call, a new connection included. 30,000 where left out. */
  timeoutMs?: number;
}

export interface SocketSignerDeps {
  log: Log;
  /** Gives up the first connection. */
  signal?: AbortSignal;
}

const TIMEOUT_MS = 30_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/**
 * Signs by a program that listens on a Unix socket (docs/build/signer-protocol.md). Asks it for its address first.
 * @throws SIGNER_SOCKET_REFUSED, SIGNER_UNREACHABLE, SIGNER_SILENT, SIGNER_DISCONNECTED, SIGNER_ANSWER_INVALID,
 *   SIGNER_ADDRESS_DIFFERS; ABORTED
 */
export async function socketSigner(options: SocketSignerOptions, { log, signal }: SocketSignerDeps): Promise<Signer> {
  const line = new SignerLine(options, log);
  try {
    const address = await line.call('hello', signal ?? new AbortController().signal, () =>
      Promise.resolve(line.address),
    );
    const publicKey = await addressKey(address);
    if (publicKey === undefined) throw walletErrors.SIGNER_ANSWER_INVALID({ path: options.path, reason: 'no address' });
    return new SocketSigner(address, publicKey, options.path, line);
  } catch (error) {
    line.close();
    throw error;
  }
}

class SocketSigner implements Signer {
  #closed = false;

  constructor(
    readonly address: string,
    readonly publicKey: Uint8Array,
    private readonly path: string,
    private readonly line: SignerLine,
  ) {}

  async sign(message: Uint8Array, signal: AbortSignal, purpose = 'not stated'): Promise<Uint8Array> {
    if (this.#closed) throw walletErrors.SIGNER_CLOSED({ address: this.address });
    if (message.length > MAX_MESSAGE_BYTES)
      throw walletErrors.SIGNER_MESSAGE_TOO_LONG({ bytes: message.length, limitBytes: MAX_MESSAGE_BYTES });
    const request: SignerRequest = {
      request: 'sign',
      address: this.address,
      message: `0x${Buffer.from(message).toString('hex')}`,
      purpose: printable(purpose, LONGEST_PURPOSE),
    };
    const answer = await this.line.call('sign', signal, (connection) => connection.ask(request));
    return await this.#verified(message, answer);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.line.close();
  }

  async #verified(message: Uint8Array, answer: SignerAnswer): Promise<Uint8Array> {
    const { path, address } = this;
    if (!('signature' in answer)) throw walletErrors.SIGNER_ANSWER_INVALID({ path, reason: 'no signature to sign' });
    const signature = Uint8Array.from(Buffer.from(answer.signature.slice(2), 'hex'));
    if (await isSignedBy(this.publicKey, message, signature)) return signature;
    throw walletErrors.SIGNER_SIGNATURE_WRONG({ path, address });
  }
}

/** The way to one signer: connected when something is asked, and again after a failure. */
class SignerLine {
  #connection: SignerConnection | undefined;
  #connecting: Promise<SignerConnection> | undefined;
  #address: string | undefined;
  #closed = false;
  /** Why the last connection could not be made, while none can. */
  #unreachable: Error | undefined;

  constructor(
    private readonly options: SocketSignerOptions,
    private readonly log: Log,
  ) {
    this.#address = options.address;
  }

  /** What the signer has said of itself; it can't change afterwards. */
  get address(): string {
    return this.#address ?? '';
  }

  /** Within the limit of one call. A call that takes longer ends the connection. */
  async call<T>(name: string, signal: AbortSignal, work: (connection: SignerConnection) => Promise<T>): Promise<T> {
    const { path, timeoutMs = TIMEOUT_MS } = this.options;
    const silent = walletErrors.SIGNER_SILENT({ path, request: name, seconds: timeoutMs / 1000 });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        this.#connection?.fail(silent);
        reject(this.#unreachable ?? silent);
      }, timeoutMs);
    });
    try {
      const done = this.#attempt(work);
      done.catch(() => undefined);
      return await untilAborted(Promise.race([done, late]), signal);
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * A connection that was idle may have ended unseen: then the work is done once more, over a new one. To sign twice does no
   * harm.
   */
  async #attempt<T>(work: (connection: SignerConnection) => Promise<T>): Promise<T> {
    const idle = this.#connection?.usable === true;
    try {
      return await work(await this.#connected());
    } catch (error) {
      if (!idle || this.#closed || !isAssayError(error) || error.code !== 'SIGNER_DISCONNECTED') throw error;
      return await work(await this.#connected());
    }
  }

  close(): void {
    this.#closed = true;
    this.#connection?.fail(walletErrors.SIGNER_CLOSED({ address: this.address }));
  }

  async #connected(): Promise<SignerConnection> {
    if (this.#connection?.usable) return this.#connection;
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return await this.#connecting;
  }

  /** Tries again until the limit of one call is over: a signer may start after the validator. */
  async #connect(): Promise<SignerConnection> {
    const { path, timeoutMs = TIMEOUT_MS } = this.options;
    const end = performance.now() + timeoutMs;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        for (const note of checkSocket(this.options)) this.log('warn', note, { path });
        const connection = await SignerConnection.open(path);
        this.#unreachable = undefined;
        this.#connection = connection;
        await this.#greet(connection);
        return connection;
      } catch (error) {
        const reason = systemCode(error);
        if (reason === undefined) throw error;
        this.#unreachable = walletErrors.SIGNER_UNREACHABLE({ path, reason }, error);
        if (this.#closed || performance.now() + pause > end) throw this.#unreachable;
        await sleep(pause, undefined, { ref: false });
      }
    }
  }

  async #greet(connection: SignerConnection): Promise<void> {
    const { path } = this.options;
    const answer = await connection.ask({ request: 'hello' });
    const error = await this.#greetingError(answer);
    if (error) {
      connection.fail(error);
      throw error;
    }
    this.log('debug', 'connected to the signer', { path, address: this.#address });
  }

  async #greetingError(answer: SignerAnswer): Promise<Error | undefined> {
    const { path } = this.options;
    const key = 'address' in answer ? await addressKey(answer.address) : undefined;
    if (key === undefined) return walletErrors.SIGNER_ANSWER_INVALID({ path, reason: 'its hello names no address' });
    const answered = await encodedAddress(key);
    this.#address ??= answered;
    if (answered === this.#address) return undefined;
    return walletErrors.SIGNER_ADDRESS_DIFFERS({ path, expected: this.#address, answered });
  }
}

/** The code of an error of the system, such as ECONNREFUSED. */
const systemCode = (error: unknown): string | undefined =>
  error instanceof Error && 'syscall' in error && 'code' in error ? String(error.code) : undefined;

/**
 * Warnings about the socket's file.
 * @throws SIGNER_SOCKET_REFUSED where it is no socket, or one that everybody could have made or may use
 */
function checkSocket({ path, owner }: SocketSignerOptions): string[] {
  const stats = lstatSync(path);
  const refuse = (reason: string): never => {
    throw walletErrors.SIGNER_SOCKET_REFUSED({ path, reason });
  };
  if (!stats.isSocket()) refuse(stats.isSymbolicLink() ? 'is a symbolic link' : 'is no socket');
  const user = process.getuid?.();
  if (user === undefined) return [];
  if (![user, 0, owner].includes(stats.uid)) refuse(`belongs to user ${stats.uid}`);
  if ((stats.mode & 0o002) !== 0) refuse('can be used by every user');
  return (stats.mode & 0o020) !== 0
    ? ["socket of the signer is open to its group: the group's users can sign with it"]
    : [];
}
