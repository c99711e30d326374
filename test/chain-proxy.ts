import { setTimeout as sleep } from 'node:timers/promises';
import { FRAME_FAULT_NAMES, pick, spoil, type FrameFaultName, type Random } from './frame-faults.js';
import { random as seededRandom } from './fuzz/mutations.js';
import { FrameProxy, type FrameRule } from './frame-proxy.js';
import { TcpProxy, type Direction } from './tcp-proxy.js';

/** What goes wrong between a client and its node. It lasts until `heal`, but `drop` and `half-close` happen at once. */
export type Fault =
  | { kind: 'drop' }
  | { kind: 'delay'; ms: number }
  | { kind: 'half-close'; side: 'client' | 'node' }
  | { kind: 'freeze'; directions: readonly Direction[] }
  | { kind: 'refuse' }
  | { kind: 'silent' }
  | { kind: 'status'; status: number }
  | { kind: 'frames'; how: FrameFaultName; direction: Direction; share: number };

/** A fault, how long all is well before it, and how long it lasts. */
interface Planned {
  wellMs: number;
  fault: Fault;
  lastsMs: number;
}

/** A proxy on loopback between a client and one node: a layer for bytes in front of one for WebSocket frames. */
export class ChainProxy {
  readonly #bytes: TcpProxy;
  readonly #frames: FrameProxy;
  readonly #random: Random;

  private constructor(frames: FrameProxy, seed: number) {
    this.#frames = frames;
    this.#bytes = new TcpProxy(frames.port);
    this.#random = seededRandom(seed);
  }

  /** @param target ws URL of the node */
  static async start(target: string, options: { port?: number; seed?: number } = {}): Promise<ChainProxy> {
    const proxy = new ChainProxy(await FrameProxy.start(target), options.seed ?? 1);
    await proxy.#bytes.listen(options.port);
    return proxy;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#bytes.port}`;
  }

  /** Sockets that are open at this moment: of clients here, and from here to the node. */
  get open(): { clients: number; nodes: number } {
    return { clients: this.#bytes.openClients, nodes: this.#frames.openNodes };
  }

  /** Connections that clients have opened so far. */
  get accepted(): number {
    return this.#bytes.accepted;
  }

  async apply(fault: Fault): Promise<void> {
    switch (fault.kind) {
      case 'drop':
        this.#bytes.drop();
        return;
      case 'delay':
        this.#bytes.delay(fault.ms);
        return;
      case 'half-close':
        this.#bytes.halfClose(fault.side);
        return;
      case 'freeze':
        this.#bytes.freeze(...fault.directions);
        return;
      case 'refuse':
      case 'silent':
        await this.#meet(fault.kind);
        return;
      case 'status':
        await this.#meet({ status: fault.status });
        return;
      case 'frames':
        this.#frames.rule = (frame, direction) =>
          direction === fault.direction && this.#random() < fault.share
            ? spoil(fault.how, frame, this.#random)
            : [frame];
    }
  }

  /** Decides what is sent in place of each frame, until `heal`. The rule may apply faults itself. */
  rule(rule: FrameRule): void {
    this.#frames.rule = rule;
  }

  /** Ends what is open, so that the client has to connect again and meets this. */
  async #meet(admission: 'refuse' | 'silent' | { status: number }): Promise<void> {
    await this.#bytes.admit(admission);
    this.#bytes.drop();
  }

  /** Ends every fault. Connections that were held without an answer are dropped. */
  async heal(): Promise<void> {
    this.#frames.rule = (frame) => [frame];
    await this.reopen();
  }

  /** As `heal`, but what is done to frames goes on. */
  async reopen(): Promise<void> {
    this.#bytes.delay(0);
    this.#bytes.thaw();
    await this.#bytes.admit('pass');
    this.#bytes.dropHeld();
  }

  /** Sends a frame that nobody sent, on every connection. */
  inject(data: string | Buffer, direction: Direction = 'down'): void {
    this.#frames.inject({ data: Buffer.from(data), binary: typeof data !== 'string' }, direction);
  }

  /** Applies faults one after another; `each` sees every one as it starts. */
  async run(
    plan: readonly Planned[],
    signal: AbortSignal,
    each?: (planned: Planned, index: number) => void,
  ): Promise<void> {
    for (const [index, planned] of plan.entries()) {
      await sleep(planned.wellMs, undefined, { signal });
      each?.(planned, index);
      await this.apply(planned.fault);
      await sleep(planned.lastsMs, undefined, { signal });
      await this.heal();
    }
  }

  close(): void {
    this.#bytes.close();
    this.#frames.close();
  }
}

const BOTH: readonly Direction[] = ['up', 'down'];

function someFault(random: Random): Fault {
  const kinds: readonly (() => Fault)[] = [
    () => ({ kind: 'drop' }),
    () => ({ kind: 'delay', ms: Math.ceil(random() * 500) }),
    () => ({ kind: 'half-close', side: pick(random, ['client', 'node'] as const) }),
    () => ({ kind: 'freeze', directions: pick(random, [BOTH, ['up'], ['down']] as const) }),
    () => ({ kind: pick(random, ['refuse', 'silent'] as const) }),
    () => ({ kind: 'status', status: pick(random, [429, 502, 503, 301, 200]) }),
    frames,
    frames,
  ];
  function frames(): Fault {
    return {
      kind: 'frames',
      how: pick(random, FRAME_FAULT_NAMES),
      direction: pick(random, BOTH),
      share: pick(random, [1, 0.3]),
    };
  }
  return pick(random, kinds)();
}

/** Faults in an order that the seed decides. */
export function plan(seed: number, count: number, longestMs: { well: number; lasts: number }): Planned[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => ({
    wellMs: Math.ceil(random() * longestMs.well),
    fault: someFault(random),
    lastsMs: Math.ceil(random() * longestMs.lasts),
  }));
}
