import type { EndpointStatus } from '@assay/core/contracts/chain-client';
import { asBlockNumber } from '@assay/core/contracts/brands';
import type { Log } from '@assay/core/contracts/logger';
import type { AssayError } from '@assay/core/errors/assay-error';
import { toAssayError } from '@assay/core/errors/describe';
import { withDeadline } from '@assay/core/runtime/deadline';
import { untilAborted } from '@assay/core/runtime/until-aborted';
import { subtensorErrors } from '../errors.js';
import { Connector, MOST_BEHIND, type Connection } from './connector.js';
import { answerAs, headerJson } from './greeting.js';
import { HeadWatch } from './head-watch.js';
import { isNotServed } from './refusals.js';
import type { RpcSocket } from './socket.js';

export interface LinkOptions {
  /** In the order of preference, one at least. */
  endpoints: readonly string[];
  /** Hash of block 0 that every endpoint has to have; the first one's where it is left out. */
  genesis?: string | undefined;
  /** Deadline of one call in milliseconds, the waiting for a connection included. */
  callMs: number;
  /** Milliseconds between two blocks, until the runtime says it. */
  blockTimeMs: number;
  /** How often the other endpoints are asked for their head, in milliseconds. */
  compareMs: number;
}

/** Calls that fail in a row, whatever the reason, before the connection is made anew. */
const MOST_FAILURES = 3;

/**
 * The one connection of a client, over whichever endpoint works. Calls wait for a connection, are repeated over the next
 * one when theirs dies, and end by their deadline. That blocks arrive is watched, not that a socket is open.
 */
export class Link {
  readonly #connector: Connector;
  readonly #watch: HeadWatch;
  readonly #ending = new AbortController();
  readonly #timers: readonly NodeJS.Timeout[];
  #current: Connection | undefined;
  #connecting: Promise<RpcSocket> | undefined;
  #failures = 0;
  #comparing = false;

  constructor(
    private readonly options: LinkOptions,
    private readonly deps: { log: Log },
  ) {
    const { endpoints: urls, genesis, blockTimeMs, compareMs } = options;
    this.#connector = new Connector({ urls, genesis }, deps);
    this.#watch = new HeadWatch(blockTimeMs);
    this.#timers = [
      setInterval(
        () => {
          this.#lookAtHeads();
        },
        Math.min(1000, blockTimeMs),
      ),
      setInterval(() => {
        void this.#compare();
      }, compareMs),
    ];
    for (const timer of this.#timers) timer.unref();
  }

  get endpoints(): EndpointStatus[] {
    return this.#connector.endpoints.map((endpoint) => ({
      endpoint: endpoint.shown,
      inUse: endpoint === this.#current?.endpoint,
      head: endpoint.head === null ? null : asBlockNumber(endpoint.head),
      trouble: endpoint.trouble,
    }));
  }

  /** Hash of block 0; undefined before the first connection where none is configured. */
  get genesis(): string | undefined {
    return this.#connector.genesis;
  }

  /** Milliseconds since a new head has come. */
  get sinceHeadMs(): number {
    return this.#watch.sinceMs;
  }

  get blockTimeMs(): number {
    return this.#watch.blockTimeMs;
  }

  /** As the runtime says it. */
  set blockTimeMs(ms: number) {
    this.#watch.blockTimeMs = ms;
  }

  /** @throws CHAIN_STALLED when no head has come for so long that what the node says is no longer the chain's state */
  requireBlocks(): void {
    if (!this.#watch.isStalled) return;
    const endpoints = this.#connector.endpoints.map(({ shown }) => shown);
    throw subtensorErrors.CHAIN_STALLED({ sinceMs: this.#watch.sinceMs, endpoints });
  }

  /**
   * One call by its JSON-RPC name.
   * @param repeat whether it may be sent a second time after a lost connection: true for whatever only reads
   * @throws ENDPOINTS_UNREACHABLE, CALL_DEADLINE, CALL_REFUSED, STATE_DISCARDED, BLOCK_UNKNOWN, CHAIN_CLOSED; without
   *   `repeat` ENDPOINT_LOST and ENDPOINT_GARBLED as well
   */
  async call(method: string, params: readonly unknown[], signal: AbortSignal, repeat = true): Promise<unknown> {
    if (this.#isClosed()) throw subtensorErrors.CHAIN_CLOSED({});
    let asked: RpcSocket | undefined;
    try {
      const answer = await withDeadline(
        this.options.callMs,
        signal,
        () => this.#expired(method, asked),
        async (inner) => {
          for (;;) {
            asked = undefined;
            asked = await this.#connected(inner);
            try {
              return await asked.call(method, params, inner);
            } catch (error) {
              if (!repeat || error !== asked.lost) throw error;
            }
          }
        },
      );
      this.#failures = 0;
      return answer;
    } catch (error) {
      if (this.#isClosed()) throw subtensorErrors.CHAIN_CLOSED({}, error);
      this.#countFailure(error, asked);
      throw error;
    }
  }

  /** Notes that an answer could not be used, as a call that has failed. */
  complain(error: unknown): void {
    this.#countFailure(error, this.#current?.socket);
  }

  /** Ends every call. */
  close(): void {
    if (this.#isClosed()) return;
    this.#ending.abort();
    for (const timer of this.#timers) clearInterval(timer);
    this.#current?.socket.destroy(subtensorErrors.CHAIN_CLOSED({}));
    this.#current = undefined;
  }

  #isClosed(): boolean {
    return this.#ending.signal.aborted;
  }

  #expired(method: string, asked: RpcSocket | undefined): AssayError {
    const { callMs: ms } = this.options;
    const { endpoints } = this.#connector;
    if (asked && !asked.lost) {
      const endpoint = this.#current?.endpoint.shown ?? '';
      const error = subtensorErrors.CALL_DEADLINE({ method, endpoint, ms });
      // What lets one call hang lets the next one hang as well.
      asked.destroy(error);
      return error;
    }
    const troubles = endpoints.flatMap(({ shown, trouble }) => (trouble === null ? [] : [`${shown}: ${trouble}`]));
    return subtensorErrors.ENDPOINTS_UNREACHABLE({ waitedMs: ms, troubles });
  }

  #countFailure(error: unknown, socket: RpcSocket | undefined): void {
    const known = toAssayError(error);
    if (known.code === 'ABORTED' || known.fault === 'chain' || isNotServed(error)) return;
    this.#failures += 1;
    if (this.#failures < MOST_FAILURES || !socket) return;
    this.#failures = 0;
    socket.destroy(known);
  }

  /** The connection in use, or the next one. */
  async #connected(signal: AbortSignal): Promise<RpcSocket> {
    if (this.#current && !this.#current.socket.lost) return this.#current.socket;
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return untilAborted(this.#connecting, signal);
  }

  async #connect(): Promise<RpcSocket> {
    for (;;) {
      const connection = await this.#connector.next(this.#ending.signal);
      const { endpoint, socket } = connection;
      try {
        await this.#follow(connection);
      } catch (error) {
        const known = toAssayError(error);
        socket.destroy(known);
        endpoint.failed(known.message, performance.now());
        continue;
      }
      this.#current = connection;
      this.#failures = 0;
      socket.onLost((reason) => {
        this.#onLost(connection, reason);
      });
      this.deps.log('info', 'connected to the chain', { endpoint: endpoint.shown, head: endpoint.head });
      return socket;
    }
  }

  /** Follows the heads that a new connection tells. */
  async #follow({ endpoint, socket }: Connection): Promise<void> {
    const method = 'chain_subscribeNewHeads';
    this.#watch.begin();
    const onHead = (value: unknown): void => {
      try {
        const { number } = answerAs(headerJson, method, value);
        if (this.#watch.isStalled) this.deps.log('info', 'a block has come again', { head: number });
        endpoint.head = number;
        if (this.#watch.head(number)) endpoint.worked();
      } catch (error) {
        socket.destroy(toAssayError(error));
      }
    };
    const { callMs: ms } = this.options;
    await withDeadline(
      ms,
      this.#ending.signal,
      () => subtensorErrors.CALL_DEADLINE({ method, endpoint: endpoint.shown, ms }),
      (signal) => socket.subscribe(method, onHead, signal),
    );
    if (endpoint.head !== null) this.#watch.head(endpoint.head);
  }

  #onLost({ endpoint, socket }: Connection, reason: AssayError): void {
    if (this.#current?.socket === socket) this.#current = undefined;
    if (this.#isClosed()) return;
    // The first time that no block comes, the same endpoint is tried again: the connection may be half-dead.
    if (this.#watch.rescues === 1 && endpoint.trouble === null) endpoint.trouble = reason.message;
    else endpoint.failed(reason.message, performance.now());
    this.deps.log('warn', 'the connection to the chain is gone', { endpoint: endpoint.shown, code: reason.code });
    // Heads are followed whether or not somebody calls.
    this.#connected(this.#ending.signal).catch(() => undefined);
  }

  #lookAtHeads(): void {
    if (!this.#current || !this.#watch.isOverdue()) return;
    const { endpoint, socket } = this.#current;
    const { sinceMs, isStalled } = this.#watch;
    const reason = `no new block for ${Math.round(sinceMs / 1000)} s`;
    if (isStalled) this.deps.log('error', 'no endpoint of the chain tells of new blocks', { sinceMs });
    socket.destroy(subtensorErrors.ENDPOINT_LOST({ endpoint: endpoint.shown, reason }));
  }

  /** Asks the endpoints that are not in use for their heads, and moves to a better one. */
  async #compare(): Promise<void> {
    const connection = this.#current;
    if (this.#comparing || !connection) return;
    this.#comparing = true;
    try {
      const others = this.#connector.endpoints.filter((other) => other !== connection.endpoint && !other.foreign);
      for (const other of others) await this.#connector.ask(other, this.#ending.signal);
      if (this.#current === connection) this.#moveOn(connection);
    } catch {
      // Only the end of the link gets here.
    } finally {
      this.#comparing = false;
    }
  }

  #moveOn({ endpoint, socket }: Connection): void {
    const { endpoints } = this.#connector;
    const lag = this.#connector.lag(endpoint);
    if (lag > MOST_BEHIND) {
      const reason = `it is ${lag} blocks behind another endpoint`;
      socket.destroy(subtensorErrors.ENDPOINT_LOST({ endpoint: endpoint.shown, reason }));
      return;
    }
    const preferred = endpoints
      .slice(0, endpoints.indexOf(endpoint))
      .find(({ trouble, foreign }) => !trouble && !foreign);
    // A call under way, which may be a submission, is not cut off for a mere preference.
    if (!preferred || socket.waiting > 0) return;
    const reason = `${preferred.shown}, which is preferred, works again`;
    socket.destroy(subtensorErrors.ENDPOINT_LOST({ endpoint: endpoint.shown, reason }));
  }
}
