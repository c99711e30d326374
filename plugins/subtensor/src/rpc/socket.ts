import { abortError } from '@assay/core/errors/describe';
import type { AssayError } from '@assay/core/errors/assay-error';
import type { Socket } from 'node:net';
import { WebSocket, type RawData } from 'ws';
import { subtensorErrors } from '../errors.js';
import { readMessage, type RpcFailure } from './messages.js';
import { refusalError } from './refusals.js';

export interface SocketOptions {
  /** Where to. */
  endpoint: string;
  /** The endpoint without credentials, for people. */
  shown: string;
  /** For the TCP connection, TLS and the upgrade together. */
  openMs: number;
  /** Without a byte from the node for so long, the connection counts as dead. */
  silenceMs: number;
  /** Largest message taken, in bytes. */
  maxBytes: number;
}

interface Pending {
  method: string;
  settle(outcome: { result: unknown } | { error: Error }): void;
}

/**
 * One WebSocket to one endpoint, with JSON-RPC over it. It lives until the first thing that is wrong with it and is never
 * mended: whoever needs the endpoint again opens another. polkadot's own provider is not used: one frame that is no JSON
 * throws out of its event handler and ends the process.
 */
export class RpcSocket {
  #lastId = 0;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Map<string, (value: unknown) => void>();
  #lost: AssayError | undefined;
  #onLost: ((reason: AssayError) => void) | undefined;
  #bytesSeen = 0;
  #heardAt = performance.now();
  readonly #pulse: NodeJS.Timeout;

  private constructor(
    private readonly options: SocketOptions,
    private readonly socket: WebSocket,
    private readonly tcp: Pick<Socket, 'bytesRead'>,
  ) {
    socket.on('message', (data, isBinary) => {
      this.#read(data, isBinary);
    });
    socket.on('error', (error) => {
      this.destroy(this.#lostBecause(error.message));
    });
    socket.on('close', (code) => {
      this.destroy(this.#lostBecause(`closed by the other side (${code})`));
    });
    this.#pulse = setInterval(() => {
      this.#feelPulse();
    }, options.silenceMs / 3);
    this.#pulse.unref();
  }

  /** @throws ENDPOINT_LOST, ABORTED */
  static async open(options: SocketOptions, signal: AbortSignal): Promise<RpcSocket> {
    if (signal.aborted) throw abortError();
    const { endpoint, shown, openMs, maxBytes } = options;
    const socket = new WebSocket(endpoint, {
      perMessageDeflate: false,
      maxPayload: maxBytes,
      handshakeTimeout: openMs,
      followRedirects: false,
    });
    let tcp: Pick<Socket, 'bytesRead'> | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const fail = (reason: string): void => {
          reject(subtensorErrors.ENDPOINT_LOST({ endpoint: shown, reason }));
        };
        const onAbort = (): void => {
          reject(abortError());
        };
        // The handshake's own limit does not cover the wait for a name or a TCP connection everywhere.
        const timer = setTimeout(() => {
          fail('it did not open in time');
        }, openMs);
        signal.addEventListener('abort', onAbort, { once: true });
        const done = (): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', onAbort);
        };
        socket.on('upgrade', (response) => {
          tcp = response.socket;
        });
        socket.on('unexpected-response', (request, response) => {
          done();
          request.destroy();
          fail(`it answered with HTTP ${response.statusCode ?? 0}`);
        });
        socket.once('open', () => {
          done();
          resolve();
        });
        socket.on('error', (error) => {
          done();
          fail(error.message);
        });
        socket.on('close', done);
      });
    } catch (error) {
      socket.terminate();
      throw error;
    }
    socket.removeAllListeners();
    return new RpcSocket(options, socket, tcp ?? { bytesRead: 0 });
  }

  get endpoint(): string {
    return this.options.endpoint;
  }

  /** Why it is dead; undefined while it lives. */
  get lost(): AssayError | undefined {
    return this.#lost;
  }

  /** Calls that wait for their answer. */
  get waiting(): number {
    return this.#pending.size;
  }

  /** Called once, when it dies. */
  onLost(listener: (reason: AssayError) => void): void {
    if (this.#lost) listener(this.#lost);
    else this.#onLost = listener;
  }

  /**
   * One call. Rejects with what `refusalError` makes of a refusal, with the reason of its loss when the socket dies first,
   * and with ABORTED. It has no deadline of its own: the signal is the caller's.
   */
  async call(method: string, params: readonly unknown[], signal: AbortSignal): Promise<unknown> {
    if (this.#lost) throw this.#lost;
    if (signal.aborted) throw abortError();
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#settle(id, { error: abortError() });
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#pending.set(id, {
        method,
        settle: (outcome) => {
          signal.removeEventListener('abort', onAbort);
          if ('error' in outcome) reject(outcome.error);
          else resolve(outcome.result);
        },
      });
      this.socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }), (error) => {
        if (error) this.destroy(this.#lostBecause(error.message));
      });
    });
  }

  /** A subscription for as long as the socket lives. */
  async subscribe(method: string, onValue: (value: unknown) => void, signal: AbortSignal): Promise<void> {
    const id = await this.call(method, [], signal);
    if (typeof id !== 'string' && typeof id !== 'number')
      throw subtensorErrors.ANSWER_MALFORMED({ method, reason: 'the id of a subscription is no text' });
    this.#listeners.set(String(id), onValue);
  }

  /** Ends it at once, without waiting for the other side, and every call on it. */
  destroy(reason: AssayError): void {
    if (this.#lost) return;
    this.#lost = reason;
    clearInterval(this.#pulse);
    this.socket.removeAllListeners();
    // What the dying socket still reports has nowhere to go.
    this.socket.on('error', () => undefined);
    this.socket.terminate();
    for (const id of [...this.#pending.keys()]) this.#settle(id, { error: reason });
    this.#listeners.clear();
    this.#onLost?.(reason);
  }

  #read(data: RawData, isBinary: boolean): void {
    this.#heardAt = performance.now();
    if (isBinary || !(data instanceof Buffer)) {
      this.destroy(this.#garbled('a frame is binary'));
      return;
    }
    const message = readMessage(data.toString('utf8'));
    if (typeof message === 'string') {
      this.destroy(this.#garbled(message));
    } else if (message.kind === 'notification') {
      this.#listeners.get(message.subscription)?.(message.value);
    } else if (!Number.isInteger(message.id) || message.id < 1 || message.id > this.#lastId) {
      this.destroy(this.#garbled('an answer to a call that was never made'));
    } else if (message.kind === 'answer') {
      // A second answer, or one after the deadline, finds nothing that waits.
      this.#settle(message.id, { result: message.result });
    } else {
      this.#refuse(message.id, message.error);
    }
  }

  #refuse(id: number, error: RpcFailure): void {
    const method = this.#pending.get(id)?.method ?? '';
    this.#settle(id, { error: refusalError(method, error) });
  }

  #settle(id: number, outcome: { result: unknown } | { error: Error }): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    pending?.settle(outcome);
  }

  /** A node that is there answers a ping; on a slow line the bytes of a long answer count as well. */
  #feelPulse(): void {
    const { bytesRead } = this.tcp;
    if (bytesRead !== this.#bytesSeen) this.#heardAt = performance.now();
    this.#bytesSeen = bytesRead;
    const silentFor = performance.now() - this.#heardAt;
    if (silentFor >= this.options.silenceMs)
      this.destroy(this.#lostBecause(`silent for ${Math.round(silentFor / 1000)} s`));
    else this.socket.ping();
  }

  #lostBecause(reason: string): AssayError {
    return subtensorErrors.ENDPOINT_LOST({ endpoint: this.options.shown, reason });
  }

  #garbled(reason: string): AssayError {
    return subtensorErrors.ENDPOINT_GARBLED({ endpoint: this.options.shown, reason });
  }
}
