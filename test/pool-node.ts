import type { GenericExtrinsic } from '@polkadot/types';
import { blake2AsHex, signatureVerify } from '@polkadot/util-crypto';
import { Runtime } from '@assay/plugin-subtensor/dist/runtime/runtime.js';
import { RpcError } from './json-rpc-server.js';
import { compact, hexOf } from './scripted-blocks.js';
import { ScriptedChain, type ScriptedOptions } from './scripted-chain.js';

/** Codes and words of a real node's pool. */
const INVALID = 1010;
const BANNED = 1012;
const IMPORTED = 1013;
const PRIORITY = 1014;
const FORMAT = 4;

/** What the runtime makes of a call: nothing for success, or the number of a pallet's error, or another dispatch error. */
export type Outcome = undefined | { module: string; error: string } | Readonly<Record<string, unknown>>;

export interface PoolNodeOptions extends Omit<ScriptedOptions, 'runtime' | 'instead'> {
  specVersion: number;
  metadata: Uint8Array;
  /** Answers a method before the pool does, or returns undefined. */
  instead?: ScriptedOptions['instead'];
}

interface Pending {
  hash: string;
  bytes: string;
  extrinsic: GenericExtrinsic;
  signer: string;
  nonce: number;
}

/** An extrinsic that a block holds. */
interface Included extends Pending {
  block: number;
  call: string;
  succeeded: boolean;
}

/**
 * A scripted chain that takes extrinsics: it decodes each by the metadata, verifies the signature over a payload that
 * polkadot's own code makes, keeps a pool and nonces, and puts what it takes into its next block with the events of a real one.
 */
export class PoolNode {
  readonly included: Included[] = [];
  /** Hashes of everything that was submitted. */
  readonly offered = new Set<string>();
  /** Extrinsics that wait for a block, by hash. */
  readonly pool = new Map<string, Pending>();
  /** Decides what the runtime makes of a call; success where it is left out. */
  dispatch: (call: string, args: readonly unknown[]) => Outcome = () => undefined;
  /** Words with which the runtime's checks refuse a call in the pool; undefined where they take it. */
  refuse: (call: string) => { code: number; message: string; data?: string } | undefined = () => undefined;
  /** Whether the next blocks take what is in the pool. */
  includes = true;
  /** Called with the hash when an extrinsic has been taken, before the answer goes out. */
  onTaken: (hash: string) => Promise<void> | void = () => undefined;
  readonly #nonces = new Map<string, number>();
  readonly #bodies = new Map<string, string[]>();

  private constructor(
    readonly chain: ScriptedChain,
    public runtime: Runtime,
  ) {}

  static async start({ specVersion, metadata, instead, ...options }: PoolNodeOptions): Promise<PoolNode> {
    const version = { specName: 'node-subtensor', specVersion, transactionVersion: 1 };
    const started: { node?: PoolNode } = {};
    const chain = await ScriptedChain.start({
      ...options,
      runtime: { ...version, metadata },
      instead: async (method, params) => (await instead?.(method, params)) ?? started.node?.answer(method, params),
    });
    started.node = new PoolNode(chain, await PoolNode.#runtime(chain, version, metadata));
    return started.node;
  }

  static #runtime(
    chain: ScriptedChain,
    version: { specName: string; specVersion: number; transactionVersion: number },
    metadata: Uint8Array,
  ): Promise<Runtime> {
    return Runtime.load(chain.blocks.genesisHash, version, metadata);
  }

  /** The rules change after this block. */
  async upgrade(specVersion: number, metadata: Uint8Array): Promise<void> {
    const version = { specName: 'node-subtensor', specVersion, transactionVersion: 1 };
    this.runtime = await PoolNode.#runtime(this.chain, version, metadata);
    this.chain.upgrade(this.chain.blocks.head, { ...version, metadata });
  }

  /** Changes a storage item from the newest block on. */
  put(pallet: string, item: string, args: readonly unknown[], value: unknown): void {
    this.chain.blocks.put(this.runtime.storageKey(pallet, item, args), this.runtime.encodeStorage(pallet, item, value));
  }

  nonceOf(account: string): number {
    return this.#nonces.get(account) ?? 0;
  }

  /** Uses a nonce of an account, as another client does. */
  useNonce(account: string): void {
    this.#setNonce(account, this.nonceOf(account) + 1);
  }

  /** The pool forgets what waits, as when a node is restarted. */
  forget(): void {
    this.pool.clear();
  }

  /** Forgets the extrinsics of a block. */
  discardBody(number: number): void {
    this.#bodies.delete(this.chain.blocks.hash(number) ?? '');
  }

  /** One block with everything in the pool whose turn it is. */
  advance(count = 1): void {
    for (let block = 0; block < count; block += 1) this.#block();
  }

  async close(): Promise<void> {
    await this.chain.close();
  }

  #block(): void {
    this.chain.advance();
    const number = this.chain.blocks.head;
    // Every block begins with the time, unsigned.
    const bodies = [hexOf(Buffer.concat([compact(4), Buffer.from([FORMAT, 2, 0, 0])]))];
    const events = [this.#success(0)];
    const waiting = [...this.pool.values()].sort((a, b) => a.nonce - b.nonce);
    for (const pending of this.includes ? waiting : []) {
      if (pending.nonce > this.nonceOf(pending.signer)) continue;
      this.pool.delete(pending.hash);
      if (pending.nonce < this.nonceOf(pending.signer) || !this.#isAlive(pending.extrinsic, number)) continue;
      const index = bodies.push(pending.bytes) - 1;
      this.#setNonce(pending.signer, pending.nonce + 1);
      events.push(this.#run(pending, number, index));
    }
    for (const { hash, extrinsic } of waiting) if (!this.#isAlive(extrinsic, number + 1)) this.pool.delete(hash);
    const encoded = Buffer.concat([compact(events.length), ...events]);
    this.chain.blocks.put(this.runtime.storageKey('System', 'Events', []), hexOf(encoded));
    this.#bodies.set(this.chain.blocks.hash(number) ?? '', bodies);
  }

  #run(pending: Pending, block: number, index: number): Buffer {
    const call = callOf(pending.extrinsic);
    const outcome = this.dispatch(
      call,
      pending.extrinsic.args.map((arg) => arg.toJSON()),
    );
    this.included.push({ ...pending, block, call, succeeded: outcome === undefined });
    return outcome === undefined ? this.#success(index) : this.#failure(index, outcome);
  }

  #setNonce(account: string, nonce: number): void {
    this.#nonces.set(account, nonce);
    this.put('System', 'Account', [account], { nonce });
  }

  /** The pool's methods. @throws RpcError in a real node's words */
  async answer(method: string, params: readonly unknown[]): Promise<unknown> {
    if (method === 'author_submitExtrinsic') return this.#submit(String(params[0]));
    if (method === 'system_accountNextIndex') return this.#nextIndex(String(params[0]));
    if (method === 'chain_getBlock') return this.#body(String(params[0]));
    return undefined;
  }

  #nextIndex(account: string): number {
    const used = new Set([...this.pool.values()].filter(({ signer }) => signer === account).map(({ nonce }) => nonce));
    let next = this.nonceOf(account);
    while (used.has(next)) next += 1;
    return next;
  }

  #body(hash: string): unknown {
    const extrinsics = this.#bodies.get(hash);
    const header = this.chain.blocks.header(hash);
    return extrinsics && header ? { block: { header, extrinsics }, justifications: null } : null;
  }

  async #submit(bytes: string): Promise<string> {
    const hash = blake2AsHex(bytes, 256);
    this.offered.add(hash);
    if (this.pool.has(hash)) throw new RpcError(IMPORTED, 'Transaction Already Imported', hash);
    if (this.included.some((each) => each.hash === hash))
      throw new RpcError(BANNED, 'Transaction is temporarily banned');
    const extrinsic = this.runtime.registry.createType('Extrinsic', bytes);
    if (extrinsic.toHex() !== bytes) throw invalid('Transaction has a bad format');
    const signer = extrinsic.signer.toString();
    const nonce = extrinsic.nonce.toNumber();
    this.#check(extrinsic, signer, nonce);
    if ([...this.pool.values()].some((each) => each.signer === signer && each.nonce === nonce))
      throw new RpcError(PRIORITY, 'Priority is too low: (0 vs 0)', 'The transaction has too low priority');
    this.pool.set(hash, { hash, bytes, extrinsic, signer, nonce });
    await this.onTaken(hash);
    return hash;
  }

  #check(extrinsic: GenericExtrinsic, signer: string, nonce: number): void {
    const next = this.chain.blocks.head + 1;
    if (!this.#isSigned(extrinsic, signer, next)) throw invalid('Transaction has a bad signature');
    if (nonce < this.nonceOf(signer)) throw invalid('Transaction is outdated');
    const refusal = this.refuse(callOf(extrinsic));
    if (refusal) throw new RpcError(refusal.code, refusal.message, refusal.data);
  }

  /** The block at which the era begins, as a block of this number sees it. */
  #birth(extrinsic: GenericExtrinsic, number: number): string | null {
    return this.chain.blocks.hash(extrinsic.era.asMortalEra.birth(number));
  }

  #isAlive(extrinsic: GenericExtrinsic, number: number): boolean {
    return this.#isSigned(extrinsic, extrinsic.signer.toString(), number);
  }

  #isSigned(extrinsic: GenericExtrinsic, signer: string, number: number): boolean {
    const blockHash = this.#birth(extrinsic, number);
    if (blockHash === null) return false;
    const { specVersion, transactionVersion } = this.runtime.version;
    const payload = this.runtime.registry.createTypeUnsafe('ExtrinsicPayload', [
      {
        method: extrinsic.method.toHex(),
        era: extrinsic.era.toHex(),
        nonce: extrinsic.nonce,
        tip: extrinsic.tip,
        mode: 0,
        specVersion,
        transactionVersion,
        genesisHash: this.chain.blocks.genesisHash,
        blockHash,
        metadataHash: null,
      },
      { version: FORMAT },
    ]);
    const bytes = payload.toU8a({ method: true });
    const message = bytes.length > 256 ? blake2AsHex(bytes, 256) : bytes;
    return signatureVerify(message, extrinsic.signature.toU8a(), signer).isValid;
  }

  #success(index: number): Buffer {
    return this.#event(index, 'ExtrinsicSuccess', []);
  }

  #failure(index: number, outcome: NonNullable<Outcome>): Buffer {
    return this.#event(index, 'ExtrinsicFailed', ['module' in outcome ? this.#moduleError(outcome) : outcome]);
  }

  #moduleError(outcome: Readonly<Record<string, unknown>>): unknown {
    const pallet = this.#pallet(String(outcome['module']));
    const variants = this.runtime.registry.lookup.getSiType(pallet.errors.unwrap().type).def.asVariant.variants;
    const error = [...variants].find(({ name }) => name.toString() === outcome['error']);
    if (!error) throw new Error(`${String(outcome['module'])} has no error ${String(outcome['error'])}`);
    return { Module: { index: pallet.index.toNumber(), error: Uint8Array.of(error.index.toNumber(), 0, 0, 0) } };
  }

  #pallet(name: string): ReturnType<typeof palletsOf>[number] {
    const found = palletsOf(this.runtime).find((pallet) => pallet.name.toString() === name);
    if (!found) throw new Error(`The runtime has no pallet ${name}`);
    return found;
  }

  /** One event of System for an extrinsic. Its last value is what the dispatch took, which is left at zeros. */
  #event(index: number, name: string, values: readonly unknown[]): Buffer {
    const pallet = this.#pallet('System');
    const { registry } = this.runtime;
    const variants = registry.lookup.getSiType(pallet.events.unwrap().type).def.asVariant.variants;
    const variant = [...variants].find((each) => each.name.toString() === name);
    if (!variant) throw new Error(`System has no event ${name}`);
    const data = [...variant.fields].map(({ type }, place) =>
      registry.createTypeUnsafe(registry.createLookupType(type), [values[place]]).toU8a(),
    );
    const phase = Buffer.alloc(5);
    phase.writeUInt32LE(index, 1);
    const place = Buffer.from([pallet.index.toNumber(), variant.index.toNumber()]);
    return Buffer.concat([phase, place, ...data, compact(0)]);
  }
}

const palletsOf = (runtime: Runtime): Runtime['registry']['metadata']['pallets'] => runtime.registry.metadata.pallets;

const invalid = (data: string): RpcError => new RpcError(INVALID, 'Invalid Transaction', data);

/** E.g. `subtensorModule.setWeights`. */
const callOf = ({ method }: GenericExtrinsic): string => `${method.section}.${method.method}`;
