import { setMaxListeners } from 'node:events';
import type { EndpointStatus } from '@assay/core/contracts/chain-client';
import { asBlockNumber } from '@assay/core/contracts/brands';
import type { Log } from '@assay/core/contracts/logger';
import type { AssayError } from '@assay/core/errors/assay-error';
import { abortError, toAssayError } from '@assay/core/errors/describe';
import { withDeadline } from '@assay/core/runtime/deadline';
import { subtensorErrors } from '../errors.js';
import { Comparison } from './comparison.js';
import { Connector, type Connection } from './connector.js';
import { HeadWatch } from './head-watch.js';
import { isNotServed } from './refusals.js';
import { Upkeep } from './upkeep.js';

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
  /** For a connection to open and a node to greet, in milliseconds: a third of the deadline and 10 s at most when left out. */
  openMs?: number;
  /** Milliseconds without an answer after which a connection is dead: 0.4 of the deadline and 12 s at most when left out. */
  silenceMs?: number;
  /** Rounds over all endpoints after which a call is told that none can be used; only its deadline ends it when left out. */
  rounds?: number | undefined;
}

/** Upper limits in milliseconds; below the usual deadline, so that a call can be repeated before its own. */
const LONGEST_OPENING = 10_000;
const LONGEST_SILENCE = 12_000;
const LONGEST_WAIT = 10_000;
/** Calls that fail in a row, whatever the reason, before the connection is made anew. */
const MOST_FAILURES = 3;

/** A call's connection, and since when the call waits for an answer over it. */
interface Use {
  connection: Connection;
  since: number;
}

/**
 * The one connection of a client, over whichever endpoint works. Calls wait for a connection, are repeated over the next
 * one when theirs dies, and end by their deadline. That blocks arrive is watched, not that a socket is open.
 */
export class Link {
  readonly #connector: Connector;
  readonly #watch: HeadWatch;
  readonly #upkeep: Upkeep;
  readonly #comparison: Comparison;
  /** Calls that have failed in a row over a connection, and answers of it that could not be used. */
  readonly #failed = new WeakMap<Connection, number>();
  readonly #complaints = new WeakMap<Connection, number>();

  constructor(
    private readonly options: LinkOptions,
    { log }: { log: Log },
  ) {
    const { endpoints: urls, genesis, blockTimeMs, compareMs, callMs, rounds } = options;
    const { openMs = Math.min(LONGEST_OPENING, callMs / 3), silenceMs = Math.min(LONGEST_SILENCE, callMs * 0.4) } =
      options;
    // Every call sees a try of every endpoint that fails quickly.
    const longestWaitMs = Math.min(LONGEST_WAIT, callMs / 3);
    this.#connector = new Connector({ urls, genesis, openMs, silenceMs, longestWaitMs, rounds }, { log });
    this.#watch = new HeadWatch(blockTimeMs);
    this.#upkeep = new Upkeep({ openMs }, { connector: this.#connector, watch: this.#watch, log });
    this.#comparison = new Comparison(compareMs, { connector: this.#connector, upkeep: this.#upkeep });
    // Every call waits with this signal.
    setMaxListeners(0, this.#upkeep.closing);
  }

  get endpoints(): EndpointStatus[] {
    return this.#connector.endpoints.map((endpoint) => ({
      endpoint: endpoint.shown,
      inUse: endpoint === this.#upkeep.current?.endpoint,
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

  /** Newest block that the endpoint in use has told of. */
  get head(): number | undefined {
    return this.#upkeep.current?.endpoint.head ?? undefined;
  }

  get blockTimeMs(): number {
    return this.#watch.blockTimeMs;
  }

  /** As the runtime says it. */
  set blockTimeMs(ms: number) {
    this.#watch.blockTimeMs = ms;
  }

  /** Fires when the link is closed. */
  get closing(): AbortSignal {
    return this.#upkeep.closing;
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
   * @throws ENDPOINTS_UNREACHABLE, GENESIS_DIFFERENT, CALL_DEADLINE, CALL_REFUSED, STATE_DISCARDED, BLOCK_UNKNOWN,
   *   CHAIN_CLOSED, ABORTED; without `repeat` ENDPOINT_LOST and ENDPOINT_GARBLED as well
   */
  async call(method: string, params: readonly unknown[], signal: AbortSignal, repeat = true): Promise<unknown> {
    if (this.#upkeep.isClosed()) throw subtensorErrors.CHAIN_CLOSED({});
    if (signal.aborted) throw abortError();
    // A snapshot makes many calls at once with one signal, which is no leak that Node has to warn of.
    setMaxListeners(0, signal);
    const last: { use: Use | undefined } = { use: undefined };
    try {
      const answer = await withDeadline(
        this.options.callMs,
        signal,
        () => this.#expired(method, last.use),
        async (inner) => {
          for (;;) {
            last.use = undefined;
            const connection = await this.#upkeep.connection(inner);
            last.use = { connection, since: performance.now() };
            try {
              return await connection.socket.call(method, params, inner);
            } catch (error) {
              if (!repeat || error !== connection.socket.lost) throw error;
            }
          }
        },
      );
      if (last.use) this.#failed.delete(last.use.connection);
      return answer;
    } catch (error) {
      if (this.#upkeep.isClosed()) throw subtensorErrors.CHAIN_CLOSED({}, error);
      this.#count(this.#failed, error, last.use?.connection);
      throw error;
    }
  }

  /** Notes that an answer could not be used. Answers that could be do not excuse it. */
  complain(error: unknown): void {
    this.#count(this.#complaints, error, this.#upkeep.current);
  }

  /** Ends every call. */
  close(): void {
    this.#comparison.close();
    this.#upkeep.close();
  }

  #expired(method: string, use: Use | undefined): AssayError {
    const { callMs: ms } = this.options;
    if (use && !use.connection.socket.lost) {
      const { connection, since } = use;
      const error = subtensorErrors.CALL_DEADLINE({ method, endpoint: connection.endpoint.shown, ms });
      // What lets one call hang lets the next one hang as well. A connection that is new has not had its chance yet.
      if (performance.now() - since >= ms / 2) this.#upkeep.leave(connection, `no answer to ${method}`, 'fault');
      return error;
    }
    return this.#connector.unreachable(ms);
  }

  #count(counts: WeakMap<Connection, number>, error: unknown, connection: Connection | undefined): void {
    const { code, fault } = toAssayError(error);
    if (!connection || code === 'ABORTED' || fault === 'chain' || isNotServed(error)) return;
    const times = (counts.get(connection) ?? 0) + 1;
    counts.set(connection, times);
    if (times < MOST_FAILURES) return;
    this.#upkeep.leave(connection, `${times} calls have failed, the last with ${code}`, 'fault');
  }
}
