import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';

/** An error that a client sees with its code. */
export class RpcError extends Error {
  constructor(
    readonly code: number,
    message: string,
    readonly data?: unknown,
  ) {
    super(message);
  }
}

/** The client of one request. Its subscriptions end with its connection. */
export interface Peer {
  /** Returns the function that sends one notification; they start after the answer with the id was sent. */
  subscribe(notification: string, id: string, onCancel?: () => void): (result: unknown) => void;
  /** Returns false for an id that this client does not have. */
  unsubscribe(id: string): boolean;
}

export type Call = (method: string, params: readonly unknown[], peer: Peer) => Promise<unknown>;

export const METHOD_NOT_FOUND = -32601;

/** One connection: its subscriptions, and the notifications that wait for an answer to go out first. */
class Connection {
  readonly #cancels = new Map<string, (() => void) | undefined>();

  constructor(
    readonly socket: WebSocket,
    readonly call: Call,
  ) {
    socket.on('message', (data: Buffer, binary) => void this.#receive(data.toString(), binary));
    socket.on('close', () => {
      for (const id of [...this.#cancels.keys()]) this.#unsubscribe(id);
    });
    // A close follows every error of a socket.
    socket.on('error', () => undefined);
  }

  get subscriptions(): number {
    return this.#cancels.size;
  }

  #send(message: unknown): void {
    if (this.socket.readyState === this.socket.OPEN) this.socket.send(JSON.stringify(message));
  }

  #unsubscribe(id: string): boolean {
    const cancel = this.#cancels.get(id);
    if (!this.#cancels.delete(id)) return false;
    cancel?.();
    return true;
  }

  async #receive(text: string, binary: boolean): Promise<void> {
    const waiting: unknown[] = [];
    let answered = false;
    const notify = (message: unknown): void => {
      if (answered) this.#send(message);
      else waiting.push(message);
    };
    const answer = binary ? failure(null, -32700, 'Parse error') : await this.#answer(text, notify);
    if (answer !== undefined) this.#send(answer);
    answered = true;
    for (const message of waiting) this.#send(message);
  }

  async #answer(text: string, notify: (message: unknown) => void): Promise<unknown> {
    const request = parse(text);
    if (request === undefined) return failure(null, -32700, 'Parse error');
    if (!Array.isArray(request)) return this.#one(request, notify);
    if (request.length === 0) return failure(null, -32600, 'Invalid request');
    const answers = await Promise.all(request.map((one) => this.#one(one, notify)));
    const spoken = answers.filter((one) => one !== undefined);
    return spoken.length === 0 ? undefined : spoken;
  }

  /** The answer to one request; undefined for a notification, which has no id. */
  async #one(request: unknown, notify: (message: unknown) => void): Promise<unknown> {
    if (!isRecord(request) || typeof request['method'] !== 'string') return failure(null, -32600, 'Invalid request');
    const { id, method } = request;
    const params = Array.isArray(request['params']) ? request['params'] : [];
    try {
      const result = await this.call(method, params, this.#peer(notify));
      return id === undefined ? undefined : { jsonrpc: '2.0', id, result: result ?? null };
    } catch (error) {
      return id === undefined ? undefined : failure(id, ...explain(error));
    }
  }

  #peer(notify: (message: unknown) => void): Peer {
    return {
      subscribe: (method, subscription, onCancel) => {
        this.#cancels.set(subscription, onCancel);
        return (result) => {
          if (this.#cancels.has(subscription)) notify({ jsonrpc: '2.0', method, params: { subscription, result } });
        };
      },
      unsubscribe: (id) => this.#unsubscribe(id),
    };
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function failure(id: unknown, code: number, message: string, data?: unknown): unknown {
  return { jsonrpc: '2.0', id, error: { code, message, ...(data === undefined ? {} : { data }) } };
}

function explain(error: unknown): [number, string, unknown?] {
  if (!(error instanceof Error)) return [-32603, String(error)];
  const code = 'code' in error && typeof error.code === 'number' ? error.code : -32603;
  return [code, error.message, 'data' in error ? error.data : undefined];
}

/** JSON-RPC 2.0 over WebSocket on loopback: batches, subscriptions, and an end of both with the connection. */
export class JsonRpcServer {
  readonly #connections = new Set<Connection>();

  private constructor(readonly server: WebSocketServer) {}

  static async start(call: Call, port = 0): Promise<JsonRpcServer> {
    const server = new WebSocketServer({ host: '127.0.0.1', port, maxPayload: 64 * 1024 * 1024 });
    const started = new JsonRpcServer(server);
    server.on('connection', (socket) => {
      const connection = new Connection(socket, call);
      started.#connections.add(connection);
      socket.on('close', () => started.#connections.delete(connection));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('listening', resolve);
      server.once('error', reject);
    });
    return started;
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get connections(): number {
    return this.#connections.size;
  }

  get subscriptions(): number {
    return [...this.#connections].reduce((sum, connection) => sum + connection.subscriptions, 0);
  }

  async close(): Promise<void> {
    for (const { socket } of this.#connections) socket.terminate();
    await new Promise((resolve) => {
      this.server.close(resolve);
    });
  }
}
