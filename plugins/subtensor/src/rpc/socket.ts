import { abortError } from '@assay/core/errors/describe';
import type { AssayError } from '@assay/core/errors/assay-error';
import type { Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import { subtensorErrors } from '../errors.js';
import { readMessage, type RpcFailure, type RpcMessage } from './messages.js';
import { openWebSocket, reasonOf, type OpeningOptions } from './opening.js';
import { Pulse } from './pulse.js';
import { refusalError } from './refusals.js';

interface SocketOptions extends OpeningOptions {
  /** Without an answer from the node for so long, the connection counts as dead. */
  silenceMs: number;
}

/** Notifications kept while a subscription is not answered yet. */
const MOST_EARLY = 16;

interface Pending {
  method: string;
  /** Set for a subscription: what its notifications go to. */
  onValue: ((value: unknown) => void) | undefined;
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
  /** Notifications that came before the answer that names their subscription. */
  #early: { subscription: string; value: unknown }[] = [];
  readonly #pulse: Pulse;

  private constructor(
    private readonly options: SocketOptions,
    private readonly socket: WebSocket,
    tcp: Pick<Socket, 'bytesRead'>,
  ) {
    socket.on('message', (data, isBinary) => {
      this.#read(data, isBinary);
    });
    socket.on('pong', () => {
      this.#pulse.answered();
    });
    socket.on('error', (error) => {
      this.destroy(this.#lostBecause(reasonOf(error)));
    });
    socket.on('close', (code) => {
      this.destroy(this.#lostBecause(`closed by the other side (${code})`));
    });
    this.#pulse = new Pulse(options.silenceMs, {
      bytesRead: () => tcp.bytesRead,
      ping: () => {
        socket.ping();
      },
      onSilent: (ms) => {
        this.destroy(this.#lostBecause(`silent for ${Math.round(ms / 1000)} s`));
      },
    });
  }

  /** Opens it as long as the signal allows. @throws ENDPOINT_LOST, ABORTED */
  static async open(options: SocketOptions, signal: AbortSignal): Promise<RpcSocket> {
    return openWebSocket(options, signal, (socket, tcp) => new RpcSocket(options, socket, tcp));
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
    return this.#send({ method, params, onValue: undefined }, signal);
  }

  /** A subscription for as long as the socket lives. `onValue` is called with every notification, early ones included. */
  async subscribe(method: string, onValue: (value: unknown) => void, signal: AbortSignal): Promise<void> {
    await this.#send({ method, params: [], onValue }, signal);
  }

  async #send(
    { method, params, onValue }: { method: string; params: readonly unknown[]; onValue: Pending['onValue'] },
    signal: AbortSignal,
  ): Promise<unknown> {
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
        onValue,
        settle: (outcome) => {
          signal.removeEventListener('abort', onAbort);
          if ('error' in outcome) reject(outcome.error);
          else resolve(outcome.result);
        },
      });
      this.socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }), (error) => {
        if (error) this.destroy(this.#lostBecause(reasonOf(error)));
      });
    });
  }

  /** Ends it at once, without waiting for the other side, and every call on it. */
  destroy(reason: AssayError): void {
    if (this.#lost) return;
    this.#lost = reason;
    this.#pulse.stop();
    this.socket.removeAllListeners();
    // What the dying socket still reports has nowhere to go.
    this.socket.on('error', () => undefined);
    this.socket.terminate();
    for (const id of [...this.#pending.keys()]) this.#settle(id, { error: reason });
    this.#listeners.clear();
    this.#early = [];
    this.#onLost?.(reason);
  }

  #read(data: RawData, isBinary: boolean): void {
    if (isBinary || !(data instanceof Buffer)) {
      this.destroy(this.#garbled('a frame is binary'));
      return;
    }
    const message = readMessage(data.toString('utf8'));
    if (typeof message === 'string') this.destroy(this.#garbled(message));
    else if (message.kind === 'notification') this.#notify(message);
    else this.#answer(message);
  }

  #answer(message: Exclude<RpcMessage, { kind: 'notification' }>): void {
    const { id } = message;
    if (id < 1 || id > this.#lastId) {
      this.destroy(this.#garbled('an answer to a call that was never made'));
      return;
    }
    this.#pulse.answered();
    // A second answer, or one after the deadline, finds nothing that waits.
    const pending = this.#pending.get(id);
    if (message.kind === 'refusal') this.#refuse(id, message.error);
    else if (pending?.onValue) this.#subscribed(id, pending.method, pending.onValue, message.result);
    else this.#settle(id, { result: message.result });
  }

  /** Begins to listen within the event that brings the answer: the next frame may be a notification. */
  #subscribed(id: number, method: string, onValue: (value: unknown) => void, subscription: unknown): void {
    if (typeof subscription !== 'string' && typeof subscription !== 'number') {
      const reason = 'the id of a subscription is no text';
      this.#settle(id, { error: subtensorErrors.ANSWER_MALFORMED({ method, reason }) });
      return;
    }
    this.#listeners.set(String(subscription), onValue);
    this.#settle(id, { result: undefined });
    for (const early of this.#early.splice(0)) this.#notify(early);
  }

  #notify({ subscription, value }: { subscription: string; value: unknown }): void {
    const listener = this.#listeners.get(subscription);
    if (listener) listener(value);
    else if (this.#isSubscribing()) this.#early = [...this.#early, { subscription, value }].slice(-MOST_EARLY);
  }

  #isSubscribing(): boolean {
    return [...this.#pending.values()].some(({ onValue }) => onValue);
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

  #lostBecause(reason: string): AssayError {
    return subtensorErrors.ENDPOINT_LOST({ endpoint: this.options.shown, reason });
  }

  #garbled(reason: string): AssayError {
    return subtensorErrors.ENDPOINT_GARBLED({ endpoint: this.options.shown, reason });
  }
}
