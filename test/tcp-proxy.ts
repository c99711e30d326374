import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';

/** `up` goes from the client to the node, `down` back to the client. */
export type Direction = 'up' | 'down';

/** What a new connection meets: the node, a refusal, silence, or an HTTP status in place of the upgrade. */
type Admission = 'pass' | 'refuse' | 'silent' | { status: number };

/** One client and its way to the node, as bytes. */
class Link {
  readonly #queues: Record<Direction, Promise<void>> = { up: Promise.resolve(), down: Promise.resolve() };

  constructor(
    readonly client: Socket,
    readonly node: Socket,
    readonly delayMs: () => number,
  ) {
    this.#forward('up', client, node);
    this.#forward('down', node, client);
  }

  #forward(direction: Direction, from: Socket, to: Socket): void {
    const queue = (action: () => void): void => {
      const ms = this.delayMs();
      this.#queues[direction] = this.#queues[direction]
        .then(() => (ms > 0 ? new Promise<void>((resolve) => setTimeout(resolve, ms)) : undefined))
        .then(action);
    };
    from.on('data', (chunk) => {
      queue(() => {
        if (to.writable) to.write(chunk);
      });
    });
    from.on('end', () => {
      queue(() => {
        to.end();
      });
    });
    from.on('close', () => {
      to.destroy();
    });
    // A close follows every error of a socket.
    from.on('error', () => undefined);
  }

  source(direction: Direction): Socket {
    return direction === 'up' ? this.client : this.node;
  }
}

/** A TCP proxy on loopback that treats connections badly on command. It knows bytes, not frames. */
export class TcpProxy {
  readonly #links = new Set<Link>();
  /** Connections that were accepted and lead nowhere. */
  readonly #idle = new Set<Socket>();
  readonly #frozen = new Set<Direction>();
  #admission: Admission = 'pass';
  #delayMs = 0;
  #server: Server | undefined;
  #port = 0;
  /** Connections that clients have opened so far. */
  accepted = 0;

  constructor(readonly targetPort: number) {}

  async listen(port = 0): Promise<void> {
    const server = createServer({ allowHalfOpen: true }, (client) => {
      this.#admit(client);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  get port(): number {
    return this.#port;
  }

  get openClients(): number {
    return this.#links.size + this.#idle.size;
  }

  #admit(client: Socket): void {
    this.accepted += 1;
    const admission = this.#admission;
    if (admission === 'pass') this.#link(client);
    else this.#hold(client, admission);
  }

  #link(client: Socket): void {
    const node = connect({ port: this.targetPort, host: '127.0.0.1', allowHalfOpen: true });
    const link = new Link(client, node, () => this.#delayMs);
    this.#links.add(link);
    client.on('close', () => this.#links.delete(link));
    for (const direction of this.#frozen) link.source(direction).pause();
  }

  #hold(client: Socket, admission: Admission): void {
    this.#idle.add(client);
    client.on('close', () => this.#idle.delete(client));
    client.on('error', () => undefined);
    client.on('end', () => client.end());
    client.once('data', () => {
      if (typeof admission === 'object')
        client.end(`HTTP/1.1 ${admission.status} Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
    });
  }

  /** From now on; connections that are open stay. */
  async admit(admission: Admission): Promise<void> {
    this.#admission = admission;
    if (admission === 'refuse') {
      // Resolves only when the open connections end: nothing waits for it.
      this.#server?.close();
      this.#server = undefined;
    } else if (!this.#server) await this.listen(this.#port);
  }

  /** Ends all connections by a reset. */
  drop(): void {
    for (const { client, node } of this.#links) {
      client.resetAndDestroy();
      node.resetAndDestroy();
    }
    this.dropHeld();
  }

  /** Ends the connections that lead nowhere. */
  dropHeld(): void {
    for (const client of this.#idle) client.resetAndDestroy();
  }

  /** Every piece of data waits so long before it goes on, in order. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  /** Sends a FIN to one side of every connection; the other side stays open. */
  halfClose(side: 'client' | 'node'): void {
    for (const link of this.#links) link[side].end();
  }

  /** Reads and forwards nothing in a direction; sockets stay open, later ones as well. */
  freeze(...directions: readonly Direction[]): void {
    for (const direction of directions) {
      this.#frozen.add(direction);
      for (const link of this.#links) link.source(direction).pause();
    }
  }

  thaw(): void {
    this.#frozen.clear();
    for (const { client, node } of this.#links) {
      client.resume();
      node.resume();
    }
  }

  close(): void {
    this.#server?.close();
    this.drop();
  }
}
