import { JsonRpcServer, METHOD_NOT_FOUND, RpcError, type Peer } from './json-rpc-server.js';
import { compact, hexOf, ScriptedBlocks } from './scripted-blocks.js';

export interface Runtime {
  specName: string;
  specVersion: number;
  /** As the chain gives it, with its magic number; a chain without it answers no question about metadata. */
  metadata?: Uint8Array;
}

export interface ScriptedOptions {
  /** Chains of the same name have the same genesis and the same hashes. */
  name?: string;
  /** Number of the first block that has a header and a state; 1 when left out. */
  firstBlock?: number;
  runtime?: Runtime;
  port?: number;
  /** Answers of runtime calls at every block: `name:0xparameters` and the result. */
  calls?: ReadonlyMap<string, string>;
  /** Answers a method instead of the script, or returns undefined. */
  instead?: (method: string, params: readonly unknown[]) => unknown;
}

const UNKNOWN_BLOCK = 4003;
/** Identifier and version of the runtime API that gives metadata. */
const METADATA_API = ['0x37e397fc7c91f5e4', 2];
const PROPERTIES = { ss58Format: 42, tokenDecimals: 9, tokenSymbol: 'TAO' };

type Answer = (params: readonly unknown[], peer: Peer) => unknown;

/** A node that answers from a script, over WebSocket: heads come on command, and it can be as bad a peer as a test wants. */
export class ScriptedChain {
  readonly blocks: ScriptedBlocks;
  /** Requests by method. */
  readonly asked = new Map<string, number>();
  /** May be changed while it runs. */
  readonly calls: Map<string, string>;
  /** Whether it says that it is still catching up. */
  syncing = false;
  /** Newest blocks that it does not show, as a node that is behind. */
  lag = 0;
  /** Blocks by which the last final one is older than the head. */
  finalityLag = 0;
  /** Blocks below the head whose state it has; all when left out. */
  statesKept = Infinity;
  readonly #runtimes: { from: number; runtime: Runtime }[];
  readonly #watchers = new Map<string, () => void>();
  #subscriptions = 0;
  #server: JsonRpcServer | undefined;

  private constructor(readonly options: ScriptedOptions) {
    this.blocks = new ScriptedBlocks(options.name ?? 'scripted', options.firstBlock ?? 1);
    this.calls = new Map(options.calls);
    this.#runtimes = [{ from: 0, runtime: options.runtime ?? { specName: 'node-subtensor', specVersion: 1 } }];
  }

  static async start(options: ScriptedOptions = {}): Promise<ScriptedChain> {
    const chain = new ScriptedChain(options);
    chain.#server = await JsonRpcServer.start(
      (method, params, peer) => chain.#call(method, params, peer),
      options.port,
    );
    return chain;
  }

  get server(): JsonRpcServer {
    if (!this.#server) throw new Error('The chain is not started');
    return this.#server;
  }

  get url(): string {
    return this.server.url;
  }

  /** The newest block that it shows. */
  get head(): number {
    return Math.max(this.options.firstBlock ?? 1, this.blocks.head - this.lag);
  }

  get finalized(): number {
    return Math.max(this.options.firstBlock ?? 1, this.head - this.finalityLag);
  }

  /** New blocks, each told to whoever subscribed. */
  advance(count = 1, fork = 'main'): void {
    for (let block = 0; block < count; block += 1) {
      this.blocks.append(fork);
      this.#tell();
    }
  }

  /** Replaces the newest blocks by as many others. */
  reorganise(count: number, fork: string): void {
    this.blocks.undo(count);
    this.advance(count, fork);
  }

  /** The runtime from block `from` on; subscribers are told when it is reached. */
  upgrade(from: number, runtime: Runtime): void {
    this.#runtimes.push({ from, runtime });
    this.#tell();
  }

  async close(): Promise<void> {
    await this.server.close();
  }

  #tell(): void {
    for (const watcher of [...this.#watchers.values()]) watcher();
  }

  async #call(method: string, params: readonly unknown[], peer: Peer): Promise<unknown> {
    this.asked.set(method, (this.asked.get(method) ?? 0) + 1);
    const instead: unknown = await this.options.instead?.(method, params);
    if (instead !== undefined) return instead;
    const answer = this.#answers[method];
    if (!answer) throw new RpcError(METHOD_NOT_FOUND, 'Method not found');
    return answer(params, peer);
  }

  readonly #answers: Readonly<Record<string, Answer>> = {
    rpc_methods: () => ({ version: 1, methods: Object.keys(this.#answers) }),
    system_chain: () => this.options.name ?? 'scripted',
    system_name: () => 'scripted node',
    system_version: () => '1.0.0',
    system_chainType: () => 'Live',
    system_properties: () => PROPERTIES,
    system_health: () => ({ peers: 5, isSyncing: this.syncing, shouldHavePeers: true }),
    system_syncState: () => ({ startingBlock: 0, currentBlock: this.head, highestBlock: this.blocks.head }),
    chain_getHeader: ([hash]) => (typeof hash === 'string' ? this.blocks.header(hash) : this.#header(this.head)),
    chain_getBlockHash: ([number]) => this.#hashes(number),
    chain_getFinalizedHead: () => this.blocks.hash(this.finalized),
    chain_subscribeNewHeads: (_params, peer) => this.#watch(peer, 'chain_newHead', () => this.#header(this.head)),
    chain_subscribeFinalizedHeads: (_params, peer) =>
      this.#watch(peer, 'chain_finalizedHead', () => this.#header(this.finalized)),
    chain_unsubscribeNewHeads: ([id], peer) => peer.unsubscribe(String(id)),
    chain_unsubscribeFinalizedHeads: ([id], peer) => peer.unsubscribe(String(id)),
    state_subscribeRuntimeVersion: (_params, peer) =>
      this.#watch(peer, 'state_runtimeVersion', () => this.#version(this.head)),
    state_unsubscribeRuntimeVersion: ([id], peer) => peer.unsubscribe(String(id)),
    state_getRuntimeVersion: ([hash]) => this.#version(this.#at(hash)),
    state_getMetadata: ([hash]) => hexOf(this.#metadata(this.#at(hash))),
    state_getStorage: ([key, hash]) => this.blocks.get(String(key), this.#at(hash)),
    state_getKeysPaged: ([prefix, count, start, hash]) => this.#keys(prefix, count, start, this.#at(hash)),
    state_queryStorageAt: ([keys, hash]) => this.#storage(keys, this.#at(hash)),
    state_call: ([name, params, hash]) => this.#runtimeCall(String(name), String(params), this.#at(hash)),
  };

  /** Number of the block whose state a request reads. @throws RpcError in a real node's words */
  #at(hash: unknown): number {
    if (typeof hash !== 'string') return this.head;
    const number = this.blocks.number(hash);
    if (number === undefined || number > this.head || number < this.head - this.statesKept)
      throw new RpcError(UNKNOWN_BLOCK, `Client error: UnknownBlock: State already discarded for ${hash}`);
    return number;
  }

  #header(number: number): unknown {
    return this.blocks.header(this.blocks.hash(number) ?? '');
  }

  #hashes(number: unknown): unknown {
    if (Array.isArray(number)) return number.map((one: unknown): unknown => this.#hashes(one));
    const wanted = number === undefined || number === null ? this.head : Number(number);
    return wanted <= this.head ? this.blocks.hash(wanted) : null;
  }

  #runtime(number: number): Runtime {
    const found = this.#runtimes.findLast(({ from }) => from <= number);
    if (!found) throw new RpcError(-32603, 'There is no runtime at this block');
    return found.runtime;
  }

  #version(number: number): unknown {
    const { specName, specVersion, metadata } = this.#runtime(number);
    return {
      specName,
      implName: specName,
      authoringVersion: 1,
      specVersion,
      implVersion: 1,
      apis: metadata ? [METADATA_API] : [],
      transactionVersion: 1,
      stateVersion: 1,
    };
  }

  #metadata(number: number): Uint8Array {
    const { metadata } = this.#runtime(number);
    if (!metadata) throw new RpcError(-32603, 'The script has no metadata');
    return metadata;
  }

  #keys(prefix: unknown, count: unknown, start: unknown, number: number): string[] {
    const after = typeof start === 'string' ? start : '';
    return this.blocks
      .keys(String(prefix), number)
      .filter((key) => key > after)
      .slice(0, Number(count));
  }

  #storage(keys: unknown, number: number): unknown {
    const changes = Array.isArray(keys) ? keys.map((key: unknown) => [key, this.blocks.get(String(key), number)]) : [];
    return [{ block: this.blocks.hash(number), changes }];
  }

  #runtimeCall(name: string, params: string, number: number): string {
    if (name.startsWith('Metadata_')) return hexOf(this.#metadataCall(name, params, this.#metadata(number)));
    const result = this.calls.get(`${name}:${params}`);
    if (result === undefined)
      throw new RpcError(UNKNOWN_BLOCK, `Client error: Execution failed: Exported method ${name} is not found`);
    return result;
  }

  /** The runtime's own calls about metadata: the versions that it has, and one of them. */
  #metadataCall(name: string, params: string, metadata: Uint8Array): Buffer {
    // The version follows the four letters `meta`.
    const version = Buffer.from([metadata[4] ?? 0, 0, 0, 0]).readUInt32LE();
    const opaque = Buffer.concat([compact(metadata.length), metadata]);
    const encoded = Buffer.alloc(4);
    encoded.writeUInt32LE(version);
    if (name === 'Metadata_metadata_versions') return Buffer.concat([compact(1), encoded]);
    if (name === 'Metadata_metadata') return opaque;
    return params === hexOf(encoded) ? Buffer.concat([Buffer.from([1]), opaque]) : Buffer.from([0]);
  }

  /** Sends the value now and whenever it has changed. */
  #watch(peer: Peer, notification: string, value: () => unknown): string {
    this.#subscriptions += 1;
    const id = `scripted-${this.#subscriptions}`;
    const send = peer.subscribe(notification, id, () => this.#watchers.delete(id));
    let sent = '';
    const update = (): void => {
      const now = value();
      const text = JSON.stringify(now);
      if (text !== sent) send(now);
      sent = text;
    };
    this.#watchers.set(id, update);
    update();
    return id;
  }
}
