import type { Log } from '@assay/core/contracts/logger';
import type { AssayError } from '@assay/core/errors/assay-error';
import { abortError, toAssayError } from '@assay/core/errors/describe';
import { withDeadline } from '@assay/core/runtime/deadline';
import { subtensorErrors } from '../errors.js';
import { Endpoint } from './endpoint.js';
import { askGenesis, greet, malformed } from './greeting.js';
import { doubtAbout, isPossibleHead } from './heads.js';
import { RpcSocket } from './socket.js';

/**
 * Largest message, in bytes of JSON: a metagraph of 2,500 uids and the metadata take about one million each. A longer one
 * ends the connection before it is read, so that it can't keep this process busy.
 */
const MAX_BYTES = 16 * 1024 ** 2;

export interface Connection {
  endpoint: Endpoint;
  socket: RpcSocket;
}

interface ConnectorOptions {
  /** In the order of preference, one at least. */
  urls: readonly string[];
  /** Hash of block 0 that every endpoint has to have; the first one's where it is undefined. */
  genesis: string | undefined;
  /** For name, TCP, TLS, upgrade and the first calls together, in milliseconds. */
  openMs: number;
  /** Without an answer for so long, a connection counts as dead. */
  silenceMs: number;
  /** Longest wait between two tries of one endpoint, in milliseconds. */
  longestWaitMs: number;
  /** Rounds over all endpoints after which a search ends; without end where left out. */
  rounds?: number | undefined;
}

/** Opens connections to the endpoints of one chain, the preferred one first, and looks whether a node can be used. */
export class Connector {
  readonly endpoints: readonly Endpoint[];
  #genesis: string | undefined;

  constructor(
    private readonly options: ConnectorOptions,
    private readonly deps: { log: Log },
  ) {
    this.endpoints = options.urls.map((url) => new Endpoint(url, options.longestWaitMs));
    this.#genesis = options.genesis;
  }

  /** Hash of block 0: as configured, or of the node that answered first. */
  get genesis(): string | undefined {
    return this.#genesis;
  }

  /**
   * Tries endpoint after endpoint, with waits that grow, until one can be used.
   * @param again tried first, and taken even if it still tells of the block at which it stood
   * @throws GENESIS_DIFFERENT when every endpoint belongs to another chain, ENDPOINTS_UNREACHABLE after `rounds`, ABORTED
   */
  async next(signal: AbortSignal, again?: Endpoint): Promise<Connection> {
    let first = again;
    const started = performance.now();
    const mostTries = (this.options.rounds ?? Number.POSITIVE_INFINITY) * this.endpoints.length;
    for (let tries = 0; ; tries += 1) {
      if (tries >= mostTries) throw this.unreachable(performance.now() - started);
      if (signal.aborted) throw abortError();
      const now = performance.now();
      const [rested] = [...this.endpoints].sort((a, b) => a.restsFor(now) - b.restsFor(now));
      const endpoint = first ?? rested;
      if (!endpoint) throw new Error('a connector without endpoints');
      if (endpoint.restsFor(now) > 0 && endpoint !== first) this.#refuseForeign();
      await pause(first ? 0 : endpoint.restsFor(now), signal);
      const socket = await this.#try(endpoint, signal, first !== undefined);
      first = undefined;
      if (socket) return { endpoint, socket };
    }
  }

  /** Asks an endpoint for its head, over a connection of its own, and notes what is wrong with it. */
  async ask(endpoint: Endpoint, signal: AbortSignal): Promise<void> {
    const socket = await this.#try(endpoint, signal, false);
    if (socket) endpoint.worked();
    socket?.destroy(subtensorErrors.CHAIN_CLOSED({}));
  }

  /** What is wrong with each endpoint, as the error of a caller that has waited for one. */
  unreachable(waitedMs: number): AssayError {
    const troubles = this.endpoints.flatMap(({ shown, trouble }) =>
      trouble === null ? [] : [`${shown}: ${trouble.replace(/\.+$/, '')}`],
    );
    return subtensorErrors.ENDPOINTS_UNREACHABLE({ waitedMs, troubles });
  }

  /** Why this endpoint is not used while the others tell of their heads; undefined when it may be. */
  doubt(endpoint: Endpoint): string | undefined {
    return endpoint.head === null ? undefined : doubtAbout(endpoint.head, this.#headsBeside(endpoint));
  }

  #refuseForeign(): void {
    const [first] = this.endpoints;
    if (first?.foreign && this.endpoints.every(({ foreign }) => foreign)) throw first.foreign;
  }

  #headsBeside(endpoint: Endpoint): number[] {
    return this.#usableBeside(endpoint).flatMap(({ head }) => (head === null ? [] : [head]));
  }

  #usableBeside(endpoint: Endpoint): Endpoint[] {
    return this.endpoints.filter((other) => other !== endpoint && other.trouble === null);
  }

  async #try(endpoint: Endpoint, signal: AbortSignal, again: boolean): Promise<RpcSocket | undefined> {
    const { shown } = endpoint;
    const { openMs } = this.options;
    try {
      const socket = await withDeadline(
        openMs,
        signal,
        () => subtensorErrors.CALL_DEADLINE({ method: 'the first calls', endpoint: shown, ms: openMs }),
        (inner) => this.#open(endpoint, again, inner),
      );
      endpoint.trouble = null;
      return socket;
    } catch (error) {
      if (signal.aborted) throw error;
      const { message, code } = toAssayError(error);
      endpoint.failed(message, performance.now());
      this.deps.log('warn', 'an endpoint of the chain can not be used', { endpoint: shown, code });
      return undefined;
    }
  }

  /** Destroys what it has opened wherever it does not return it, also after its signal. */
  async #open(endpoint: Endpoint, again: boolean, signal: AbortSignal): Promise<RpcSocket> {
    const { url, shown } = endpoint;
    const { silenceMs } = this.options;
    const socket = await RpcSocket.open({ endpoint: url, shown, silenceMs, maxBytes: MAX_BYTES }, signal);
    try {
      const trouble = await this.#inspect(endpoint, socket, again, signal);
      if (trouble !== undefined) throw subtensorErrors.ENDPOINT_LOST({ endpoint: shown, reason: trouble });
      if (signal.aborted) throw abortError();
      return socket;
    } catch (error) {
      socket.destroy(toAssayError(error));
      throw error;
    }
  }

  /** Why the node can't be used now. @throws GENESIS_DIFFERENT, what `greet` throws */
  async #inspect(
    endpoint: Endpoint,
    socket: RpcSocket,
    again: boolean,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { genesis, head, syncing } = await greet(socket, signal);
    await this.#requireGenesis(endpoint, genesis, socket, signal);
    if (!isPossibleHead(head)) return `it tells of block ${head}, and no chain can have so many`;
    endpoint.head = head;
    if (head > (endpoint.stoodAt ?? head)) endpoint.stoodAt = undefined;
    if (syncing) return 'it is still syncing';
    if (!again && endpoint.stoodAt !== undefined && this.#usableBeside(endpoint).length > 0)
      return `it stands still at block ${endpoint.stoodAt}`;
    return this.doubt(endpoint);
  }

  /** A hash that differs is asked for twice: a single spoilt answer may not decide which chain is the right one. */
  async #requireGenesis(endpoint: Endpoint, found: string, socket: RpcSocket, signal: AbortSignal): Promise<void> {
    if (found !== this.#genesis && found !== (await askGenesis(socket, signal)))
      throw malformed('chain_getBlockHash', 'two different first blocks');
    this.#genesis ??= found;
    endpoint.foreign =
      found === this.#genesis
        ? undefined
        : subtensorErrors.GENESIS_DIFFERENT({ endpoint: endpoint.shown, found, wanted: this.#genesis });
    if (endpoint.foreign) throw endpoint.foreign;
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0) return;
  await new Promise<void>((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(abortError());
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
