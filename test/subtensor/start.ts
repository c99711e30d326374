import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WsProvider } from '@polkadot/api';
import { z } from 'zod';
import type { RuntimeFiles } from './runtime.js';

/** The built module also when this one runs from its source. */
const SERVE = join(
  import.meta.dirname.replace(join('test', 'subtensor'), join('test', 'dist', 'subtensor')),
  'serve.js',
);
const Started = z.object({ url: z.string() });
const Usage = z.object({ rss: z.number(), heapUsed: z.number(), connections: z.number(), subscriptions: z.number() });
const Hash = z.string().regex(/^0x[0-9a-f]{64}$/);

/** A raw storage key and its value; null deletes the key. */
type RawStorage = readonly (readonly [key: string, value: string | null])[];

/** A node with the real runtime in a process of its own. Blocks come only when a test makes them. */
export class SubtensorNode {
  readonly #client: WsProvider;

  constructor(
    readonly child: ChildProcess,
    readonly url: string,
    readonly bootMs: number,
  ) {
    this.#client = new WsProvider(url, false);
  }

  get pid(): number {
    const { pid } = this.child;
    if (pid === undefined) throw new Error('The node has no process');
    return pid;
  }

  /** Makes blocks and returns the hash of the last. */
  async newBlock(count = 1): Promise<string> {
    return Hash.parse(await this.send('dev_newBlock', [{ count }]));
  }

  /** Changes storage at the head: its hash stays the same. */
  async setStorage(values: RawStorage): Promise<void> {
    await this.send('dev_setStorage', [values]);
  }

  /** Goes back to an earlier block: what came after it is undone, and new blocks make a fork. */
  async setHead(block: string | number): Promise<string> {
    return Hash.parse(await this.send('dev_setHead', [block]));
  }

  /** From now on a block is final only when `blocks` more have come; 0 at the start. */
  async setFinalityLag(blocks: number): Promise<void> {
    await this.send('dev_setFinalityLag', [blocks]);
  }

  /** From now on the node makes blocks by itself, with so many milliseconds between them; 0 ends that. */
  async setBlockPause(ms: number): Promise<void> {
    await this.send('dev_setBlockPause', [ms]);
  }

  /** The node forgets the state of a block, as one that is no archive does. */
  async discardState(hash: string): Promise<void> {
    await this.send('dev_discardState', [hash]);
  }

  async usage(): Promise<z.infer<typeof Usage>> {
    return Usage.parse(await this.send('dev_usage', []));
  }

  /** Peak of the resident memory of the process, in bytes. */
  peakMemory(): number {
    const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'));
    return Number(line?.[1]) * 1024;
  }

  async send(method: string, params: unknown[]): Promise<unknown> {
    await this.#connected();
    return this.#client.send(method, params);
  }

  async #connected(): Promise<void> {
    if (this.#client.isConnected) return;
    const open = new Promise<void>((resolve) => {
      const off = this.#client.on('connected', () => {
        off();
        resolve();
      });
    });
    await this.#client.connect();
    await open;
  }

  /** Stops the process as it is: its sockets stay open and answer nothing. */
  freeze(): void {
    this.child.kill('SIGSTOP');
  }

  thaw(): void {
    this.child.kill('SIGCONT');
  }

  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.#client.disconnect();
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGCONT');
    this.child.kill(signal);
    await gone;
  }
}

/** Boots the runtime. `port` is chosen by the system when left out. */
export async function startSubtensor(options: RuntimeFiles & { port?: number }): Promise<SubtensorNode> {
  const began = performance.now();
  const child = fork(SERVE, [options.spec, options.genesis, String(options.port ?? 0)], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, LOG_LEVEL: 'error' },
  });
  let complaint = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-4000);
  });
  const message = await Promise.race([
    once(child, 'message').then(([first]: unknown[]) => first),
    once(child, 'exit').then(([status]: unknown[]) => {
      throw new Error(`The runtime did not boot (exit ${String(status)}): ${complaint}`);
    }),
  ]);
  return new SubtensorNode(child, Started.parse(message).url, performance.now() - began);
}
