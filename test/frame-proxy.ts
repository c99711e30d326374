import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import type { Frame } from './frame-faults.js';
import type { Direction } from './tcp-proxy.js';

/** Returns the frames to send in place of one. */
export type FrameRule = (frame: Frame, direction: Direction) => readonly Frame[];

const HIGHEST_CLOSE_CODE_OF_APPLICATIONS = 4999;

/** A WebSocket proxy on loopback that reads each frame and sends what its rule makes of it. */
export class FrameProxy {
  readonly #pairs = new Set<{ client: WebSocket; node: WebSocket }>();
  rule: FrameRule = (frame) => [frame];

  private constructor(
    readonly server: WebSocketServer,
    readonly target: string,
  ) {}

  static async start(target: string): Promise<FrameProxy> {
    const server = new WebSocketServer({
      host: '127.0.0.1',
      port: 0,
      perMessageDeflate: false,
      skipUTF8Validation: true,
    });
    const proxy = new FrameProxy(server, target);
    server.on('connection', (client) => {
      proxy.#pair(client);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('listening', resolve);
      server.once('error', reject);
    });
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Open sockets to the node. */
  get openNodes(): number {
    return [...this.#pairs].filter(({ node }) => node.readyState !== WebSocket.CLOSED).length;
  }

  #pair(client: WebSocket): void {
    const node = new WebSocket(this.target, { perMessageDeflate: false, skipUTF8Validation: true });
    const pair = { client, node };
    this.#pairs.add(pair);
    node.on('close', () => this.#pairs.delete(pair));
    const open = new Promise<void>((resolve) => node.once('open', resolve));
    client.on('message', (data: Buffer, binary) => {
      void open.then(() => {
        this.#pass({ data, binary }, 'up', node);
      });
    });
    node.on('message', (data: Buffer, binary) => {
      this.#pass({ data, binary }, 'down', client);
    });
    follow(client, node);
    follow(node, client);
  }

  #pass(frame: Frame, direction: Direction, to: WebSocket): void {
    for (const one of this.rule(frame, direction)) send(to, one);
  }

  /** Sends a frame that nobody sent, on every connection. */
  inject(frame: Frame, direction: Direction): void {
    for (const { client, node } of this.#pairs) send(direction === 'up' ? node : client, frame);
  }

  close(): void {
    for (const { client, node } of this.#pairs) {
      client.terminate();
      node.terminate();
    }
    this.server.close();
  }
}

function send(to: WebSocket, { data, binary }: Frame): void {
  if (to.readyState === WebSocket.OPEN) to.send(data, { binary });
}

/** Closes `to` as `from` was closed: with its code, or without a word where it had none. */
function follow(from: WebSocket, to: WebSocket): void {
  from.on('error', () => undefined);
  from.on('close', (code, reason) => {
    const sendable = code === 1000 || (code >= 3000 && code <= HIGHEST_CLOSE_CODE_OF_APPLICATIONS);
    if (sendable && to.readyState === WebSocket.OPEN) to.close(code, reason);
    else to.terminate();
  });
}
