import type { Log } from '@assay/core/contracts/logger';
import type { AssayError } from '@assay/core/errors/assay-error';
import { toAssayError } from '@assay/core/errors/describe';
import { withDeadline } from '@assay/core/runtime/deadline';
import { untilAborted } from '@assay/core/runtime/until-aborted';
import { subtensorErrors } from '../errors.js';
import type { Connection, Connector } from './connector.js';
import type { Endpoint } from './endpoint.js';
import { answerAs, headerJson, malformed } from './greeting.js';
import type { HeadWatch } from './head-watch.js';
import { isPossibleHead } from './heads.js';

const SUBSCRIBE = 'chain_subscribeNewHeads';

/**
 * Why a connection is given up. `again`: the same endpoint is tried once more, since the connection may be half-dead.
 * `fault`: the endpoint rests. `preference`: nothing is wrong with it, and another is better.
 */
type Parting = 'again' | 'fault' | 'preference';

interface UpkeepDeps {
  connector: Connector;
  watch: HeadWatch;
  log: Log;
}

/** Keeps one connection open, whether or not somebody calls, and follows the heads that come over it. */
export class Upkeep {
  readonly #ending = new AbortController();
  readonly #looking: NodeJS.Timeout;
  #current: Connection | undefined;
  #connecting: Promise<Connection> | undefined;
  #again: Endpoint | undefined;
  #begun = false;

  /** @param options.openMs for the subscription to heads, once the connection is open */
  constructor(
    private readonly options: { openMs: number },
    private readonly deps: UpkeepDeps,
  ) {
    this.#looking = setInterval(
      () => {
        this.#look();
      },
      Math.min(1000, deps.watch.blockTimeMs),
    );
    this.#looking.unref();
  }

  get current(): Connection | undefined {
    return this.#current;
  }

  isClosed(): boolean {
    return this.#ending.signal.aborted;
  }

  /** Fires when this ends. */
  get closing(): AbortSignal {
    return this.#ending.signal;
  }

  /** The connection in use, or the next one. @throws what `Connector.next` throws */
  async connection(signal: AbortSignal): Promise<Connection> {
    return this.#current ?? untilAborted(this.#connect(), signal);
  }

  /** Gives a connection up and looks for the next one. Does nothing where it is no longer in use. */
  leave(connection: Connection, reason: string, how: Parting): void {
    if (this.#current !== connection) return;
    const { endpoint, socket } = connection;
    this.#current = undefined;
    const error = subtensorErrors.ENDPOINT_LOST({ endpoint: endpoint.shown, reason });
    if (how === 'again') this.#again = endpoint;
    if (how === 'fault') endpoint.failed(error.message, performance.now());
    const level = how === 'preference' ? 'info' : 'warn';
    this.deps.log(level, 'the connection to the chain is given up', { endpoint: endpoint.shown, reason });
    socket.destroy(error);
    this.#reconnect();
  }

  close(): void {
    this.#ending.abort();
    clearInterval(this.#looking);
    const connection = this.#current;
    this.#current = undefined;
    connection?.socket.destroy(subtensorErrors.CHAIN_CLOSED({}));
  }

  #connect(): Promise<Connection> {
    this.#begun = true;
    this.#connecting ??= this.#find().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  /** Heads are followed whether or not somebody calls. */
  #reconnect(): void {
    if (!this.isClosed()) this.#connect().catch(() => undefined);
  }

  async #find(): Promise<Connection> {
    for (;;) {
      this.deps.watch.begin();
      const again = this.#again;
      this.#again = undefined;
      const connection = await this.deps.connector.next(this.closing, again);
      if (await this.#follow(connection)) return connection;
    }
  }

  /** Subscribes to heads and takes the connection into use. */
  async #follow(connection: Connection): Promise<boolean> {
    const { endpoint, socket } = connection;
    const { openMs: ms } = this.options;
    const onExpiry = (): AssayError =>
      subtensorErrors.CALL_DEADLINE({ method: SUBSCRIBE, endpoint: endpoint.shown, ms });
    const onHead = (value: unknown): void => {
      this.#onHead(connection, value);
    };
    try {
      await withDeadline(ms, this.closing, onExpiry, (signal) => socket.subscribe(SUBSCRIBE, onHead, signal));
      if (this.isClosed()) throw subtensorErrors.CHAIN_CLOSED({});
      if (socket.lost) throw socket.lost;
    } catch (error) {
      const known = toAssayError(error);
      socket.destroy(known);
      endpoint.failed(known.message, performance.now());
      return false;
    }
    this.#current = connection;
    socket.onLost((reason) => {
      this.#onLost(connection, reason);
    });
    this.deps.log('info', 'connected to the chain', { endpoint: endpoint.shown, head: endpoint.head });
    if (endpoint.head !== null) this.#saw(endpoint, endpoint.head);
    return true;
  }

  /** Runs in an event handler, so that nothing may be thrown here. */
  #onHead({ endpoint, socket }: Connection, value: unknown): void {
    try {
      const { number } = answerAs(headerJson, SUBSCRIBE, value);
      if (!isPossibleHead(number)) throw malformed(SUBSCRIBE, `block ${number}, and no chain can have so many`);
      endpoint.head = number;
      this.#saw(endpoint, number);
    } catch (error) {
      socket.destroy(toAssayError(error));
    }
  }

  #saw(endpoint: Endpoint, number: number): void {
    const { watch, log } = this.deps;
    const wasStalled = watch.isStalled;
    if (!watch.head(number)) return;
    endpoint.worked();
    endpoint.stoodAt = undefined;
    if (wasStalled) log('info', 'a block has come again', { head: number });
  }

  #onLost(connection: Connection, reason: AssayError): void {
    if (this.#current !== connection) return;
    this.#current = undefined;
    const { shown: endpoint } = connection.endpoint;
    connection.endpoint.failed(reason.message, performance.now());
    this.deps.log('warn', 'the connection to the chain is gone', { endpoint, code: reason.code });
    this.#reconnect();
  }

  #look(): void {
    const { watch, log } = this.deps;
    if (watch.isOverdue()) {
      const { sinceMs, isStalled } = watch;
      if (isStalled) log('error', 'no endpoint of the chain tells of new blocks', { sinceMs: Math.round(sinceMs) });
      if (this.#current) this.#rescue(this.#current, `no new block for ${Math.round(sinceMs / 1000)} s`);
    }
    if (this.#begun && !this.#current) this.#reconnect();
  }

  /** The first time the same endpoint is tried again; after that it stands still, and the others come first. */
  #rescue(connection: Connection, reason: string): void {
    const isFirst = this.deps.watch.rescues === 1;
    if (!isFirst) connection.endpoint.stoodAt = connection.endpoint.head ?? undefined;
    this.leave(connection, reason, isFirst ? 'again' : 'fault');
  }
}
