import type { Log } from '@assay/core/contracts/logger';
import { toAssayError } from '@assay/core/errors/describe';
import { withDeadline } from '@assay/core/runtime/deadline';
import { subtensorErrors } from '../errors.js';
import { Endpoint } from './endpoint.js';
import { greet } from './greeting.js';
import { RpcSocket } from './socket.js';

/** For a connection to open, and for a node to greet. */
const OPEN_MS = 10_000;
/** A connection without a byte for so long is dead. Below the deadline of a call, so that a call can be repeated. */
const SILENCE_MS = 12_000;
/** Largest message, in bytes of JSON: a metagraph of 2,500 uids takes about one million. */
const MAX_BYTES = 64 * 1024 ** 2;
/** Blocks that an endpoint may be behind another. */
export const MOST_BEHIND = 10;

export interface Connection {
  endpoint: Endpoint;
  socket: RpcSocket;
}

/** Opens connections to the endpoints of one chain, the preferred one first, and looks whether a node can be used. */
export class Connector {
  readonly endpoints: readonly Endpoint[];
  #genesis: string | undefined;

  /** @param urls in the order of preference, one at least */
  constructor(
    { urls, genesis }: { urls: readonly string[]; genesis: string | undefined },
    private readonly deps: { log: Log },
  ) {
    this.endpoints = urls.map((url) => new Endpoint(url));
    this.#genesis = genesis;
  }

  /** Hash of block 0: as configured, or of the node that answered first. */
  get genesis(): string | undefined {
    return this.#genesis;
  }

  /**
   * Tries endpoint after endpoint, with waits that grow, until one can be used.
   * @throws GENESIS_DIFFERENT when every endpoint belongs to another chain, ABORTED
   */
  async next(signal: AbortSignal): Promise<Connection> {
    for (;;) {
      signal.throwIfAborted();
      const foreign = this.foreign();
      if (foreign) throw foreign;
      const now = performance.now();
      const [endpoint] = [...this.endpoints].sort((a, b) => a.restsFor(now) - b.restsFor(now));
      if (!endpoint) throw new Error('a connector without endpoints');
      await pause(endpoint.restsFor(now), signal);
      const socket = await this.#try(endpoint, signal);
      if (socket) return { endpoint, socket };
    }
  }

  /** Why no endpoint can ever be used. */
  foreign(): Endpoint['foreign'] {
    return this.endpoints.every(({ foreign }) => foreign) ? this.endpoints[0]?.foreign : undefined;
  }

  /** Asks an endpoint for its head, over a connection of its own, and notes what is wrong with it. */
  async ask(endpoint: Endpoint, signal: AbortSignal): Promise<void> {
    const socket = await this.#try(endpoint, signal);
    if (socket) endpoint.worked();
    socket?.destroy(subtensorErrors.CHAIN_CLOSED({}));
  }

  /** Blocks by which the best of the other endpoints is ahead of this one; below 0 when none is. */
  lag(endpoint: Endpoint): number {
    const others = this.endpoints.filter((other) => other !== endpoint && other.trouble === null);
    return Math.max(-1, ...others.map(({ head }) => head ?? -1)) - (endpoint.head ?? -1);
  }

  async #try(endpoint: Endpoint, signal: AbortSignal): Promise<RpcSocket | undefined> {
    let socket: RpcSocket | undefined;
    const { url, shown } = endpoint;
    try {
      socket = await RpcSocket.open(
        { endpoint: url, shown, openMs: OPEN_MS, silenceMs: SILENCE_MS, maxBytes: MAX_BYTES },
        signal,
      );
      const opened = socket;
      const trouble = await withDeadline(
        OPEN_MS,
        signal,
        () => subtensorErrors.CALL_DEADLINE({ method: 'the first calls', endpoint: shown, ms: OPEN_MS }),
        (inner) => this.#inspect(endpoint, opened, inner),
      );
      if (trouble !== undefined) throw subtensorErrors.ENDPOINT_LOST({ endpoint: shown, reason: trouble });
      endpoint.trouble = null;
      return socket;
    } catch (error) {
      const known = toAssayError(error);
      socket?.destroy(known);
      if (signal.aborted) throw error;
      endpoint.failed(known.message, performance.now());
      this.deps.log('warn', 'an endpoint of the chain can not be used', { endpoint: shown, code: known.code });
      return undefined;
    }
  }

  /** Why the node can't be used now. @throws GENESIS_DIFFERENT, what `greet` throws */
  async #inspect(endpoint: Endpoint, socket: RpcSocket, signal: AbortSignal): Promise<string | undefined> {
    const { genesis, head, syncing } = await greet(socket, signal);
    this.#genesis ??= genesis;
    if (genesis !== this.#genesis) {
      const { shown } = endpoint;
      endpoint.foreign = subtensorErrors.GENESIS_DIFFERENT({ endpoint: shown, found: genesis, wanted: this.#genesis });
      throw endpoint.foreign;
    }
    endpoint.head = head;
    if (syncing) return 'it is still syncing';
    const lag = this.lag(endpoint);
    return lag > MOST_BEHIND ? `it is ${lag} blocks behind another endpoint` : undefined;
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0) return;
  await new Promise<void>((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
