import '@polkadot/api/augment';
import { Keyring, type ApiPromise } from '@polkadot/api';
import { call, encode, openClient, storage, type Extrinsic } from './client.js';
import type { SubtensorNode } from './start.js';

/** The subnet of every scenario: the one of the reference. */
export const NETUID = 9;
type KeyringPair = ReturnType<Keyring['addFromUri']>;
interface DispatchFailure {
  isModule: boolean;
  asModule: Parameters<ApiPromise['registry']['findMetaError']>[0];
  toString(): string;
}
const RAO = 1_000_000_000n;
const FIRST_FREE_NETUID = 2;

/** One field of a commitment, as the runtime's type `Data` takes it: `{ Raw3: '0x...' }`, `'None'`. */
export type DataField = string | Readonly<Record<string, unknown>>;

/** The field that holds a text, in the variant for its length. */
export function rawField(data: string | Uint8Array): DataField {
  const bytes = Buffer.from(data);
  const name = bytes.length <= 128 ? `Raw${bytes.length}` : 'BigRaw';
  return { [name]: `0x${bytes.toString('hex')}` };
}

/** A refusal by the chain, with its own name of the error where it has one. */
export class ChainRefusal extends Error {}

/** Subnet 9 on the real runtime, and the hands of everybody who acts on it. */
export class World {
  readonly #keyring = new Keyring({ type: 'sr25519', ss58Format: 42 });

  private constructor(
    readonly node: SubtensorNode,
    readonly api: ApiPromise,
  ) {}

  /** A world with an open subnet 9 whose limits stand in no test's way. */
  static async open(node: SubtensorNode): Promise<World> {
    const world = new World(node, await openClient(node.url));
    await world.#foundSubnets();
    await world.configure({
      SubtokenEnabled: true,
      FirstEmissionBlockNumber: 3,
      MaxRegistrationsPerBlock: 256,
      TargetRegistrationsPerInterval: 1000,
      WeightsSetRateLimit: 0,
      MinAllowedWeights: 1,
    });
    return world;
  }

  async close(): Promise<void> {
    await this.api.disconnect();
  }

  hotkey(name: string): KeyringPair {
    return this.#keyring.addFromUri(`//hotkey//${name}`);
  }

  coldkey(name: string): KeyringPair {
    return this.#keyring.addFromUri(`//coldkey//${name}`);
  }

  /** //Alice: sudo, rich, and owner of the subnet. */
  get alice(): KeyringPair {
    return this.#keyring.addFromUri('//Alice');
  }

  /** Puts the extrinsics in one block. @throws ChainRefusal for the first that the pool or a pallet refuses */
  async send(...extrinsics: readonly (readonly [signer: KeyringPair, extrinsic: Extrinsic])[]): Promise<string> {
    const hashes: string[] = [];
    for (const [signer, extrinsic] of extrinsics) {
      const sent = await extrinsic.signAsync(signer, { nonce: -1 });
      hashes.push(sent.hash.toHex());
      await this.api.rpc.author.submitExtrinsic(sent);
    }
    const block = await this.node.newBlock();
    await this.#mustHaveSucceeded(block, hashes);
    return block;
  }

  /** Raises the first failure among the extrinsics of a block, a failed `sudo` included. */
  async #mustHaveSucceeded(block: string, hashes: readonly string[]): Promise<void> {
    const { block: content } = await this.api.rpc.chain.getBlock(block);
    const included: string[] = content.extrinsics.map((extrinsic) => extrinsic.hash.toHex());
    for (const hash of hashes) if (!included.includes(hash)) throw new ChainRefusal(`The block left out ${hash}`);
    for (const { event, phase } of await (await this.api.at(block)).query.system.events()) {
      if (!phase.isApplyExtrinsic || !hashes.includes(included[phase.asApplyExtrinsic.toNumber()] ?? '')) continue;
      const { system, sudo } = this.api.events;
      if (system.ExtrinsicFailed.is(event)) throw new ChainRefusal(this.#nameOf(event.data[0]));
      if (sudo.Sudid.is(event) && event.data[0].isErr) throw new ChainRefusal(this.#nameOf(event.data[0].asErr));
    }
  }

  #nameOf(error: DispatchFailure): string {
    return error.isModule ? this.api.registry.findMetaError(error.asModule).name : error.toString();
  }

  /** Sets storage maps of SubtensorModule that have only the netuid as their key. */
  async configure(settings: Readonly<Record<string, unknown>>): Promise<void> {
    await this.node.setStorage(Object.entries(settings).map(([name, value]) => this.entry(name, [NETUID], value)));
  }

  /** Raw key and value in SubtensorModule. Names are those of the runtime, as `SubtokenEnabled`. */
  entry(name: string, keys: readonly unknown[], value: unknown): [string, string] {
    return encode(this.api, 'subtensorModule', `${name.charAt(0).toLowerCase()}${name.slice(1)}`, keys, value);
  }

  async #foundSubnets(): Promise<void> {
    const rate = call(this.api, 'adminUtils', 'sudoSetNetworkRateLimit', 0);
    await this.send([this.alice, call(this.api, 'sudo', 'sudo', rate)]);
    const owner = this.hotkey('owner').address;
    const calls = Array.from({ length: NETUID - FIRST_FREE_NETUID + 1 }, (_, index) =>
      call(
        this.api,
        'subtensorModule',
        'registerNetwork',
        index === NETUID - FIRST_FREE_NETUID ? owner : this.hotkey(`owner-${index}`).address,
      ),
    );
    await this.send([this.alice, call(this.api, 'utility', 'batchAll', calls)]);
  }

  /** Registers hotkeys by burning, each of a coldkey of the same name; returns their uids. */
  async register(...names: readonly string[]): Promise<number[]> {
    await this.fund(...names);
    await this.send(
      ...names.map((name): [KeyringPair, Extrinsic] => [
        this.coldkey(name),
        call(this.api, 'subtensorModule', 'burnedRegister', NETUID, this.hotkey(name).address),
      ]),
    );
    return await Promise.all(names.map((name) => this.uidOf(name)));
  }

  /** Gives coldkeys what registering, staking and swapping costs. */
  async fund(...names: readonly string[]): Promise<void> {
    const amount = 2_000n * RAO;
    const gifts = names.map((name) =>
      call(this.api, 'balances', 'transferKeepAlive', this.coldkey(name).address, amount),
    );
    await this.send([this.alice, call(this.api, 'utility', 'batchAll', gifts)]);
  }

  /** @throws Error where the hotkey is not registered */
  async uidOf(name: string): Promise<number> {
    const uid = await storage(this.api, 'subtensorModule', 'uids')(NETUID, this.hotkey(name).address);
    const read: unknown = uid.toJSON();
    if (typeof read !== 'number') throw new Error(`${name} is not registered`);
    return read;
  }

  async stake(name: string, tao: number): Promise<string> {
    const add = call(this.api, 'subtensorModule', 'addStake', this.hotkey(name).address, NETUID, BigInt(tao) * RAO);
    return await this.send([this.coldkey(name), add]);
  }

  /** Gives the permit to exactly these hotkeys; the next epoch gives it by stake. */
  async permit(...names: readonly string[]): Promise<void> {
    const uids = await Promise.all(names.map((name) => this.uidOf(name)));
    const count: unknown = (await storage(this.api, 'subtensorModule', 'subnetworkN')(NETUID)).toJSON();
    const permits = Array.from({ length: Number(count) }, (_, uid) => uids.includes(uid));
    await this.configure({ ValidatorPermit: permits });
  }

  async commit(name: string, ...fields: readonly DataField[]): Promise<string> {
    const info = { fields };
    return await this.send([this.hotkey(name), call(this.api, 'commitments', 'setCommitment', NETUID, info)]);
  }

  /** What the chain would store after opening timelocked commitments: payloads in their SCALE length, and blocks. */
  async reveal(
    name: string,
    revealed: readonly (readonly [payload: string | Uint8Array, block: number])[],
  ): Promise<void> {
    const value = revealed.map(([payload, block]) => {
      const bytes = this.api.registry.createType('Bytes', `0x${Buffer.from(payload).toString('hex')}`).toU8a();
      return [`0x${Buffer.from(bytes).toString('hex')}`, block];
    });
    const keys = [NETUID, this.hotkey(name).address];
    await this.node.setStorage([encode(this.api, 'commitments', 'revealedCommitments', keys, value)]);
  }

  async setWeights(
    name: string,
    row: readonly (readonly [uid: number, weight: number])[],
    version = 0,
  ): Promise<string> {
    const uids = row.map(([uid]) => uid);
    const weights = row.map(([, weight]) => weight);
    const set = call(this.api, 'subtensorModule', 'setWeights', NETUID, uids, weights, version);
    return await this.send([this.hotkey(name), set]);
  }

  /** Moves the hotkey of `from` to the one of `to`, by the runtime's own extrinsic. */
  async swapHotkey(from: string, to: string): Promise<string> {
    const swap = call(
      this.api,
      'subtensorModule',
      'swapHotkey',
      this.hotkey(from).address,
      this.hotkey(to).address,
      null,
    );
    return await this.send([this.coldkey(from), swap]);
  }

  /** Fills the subnet and registers one hotkey more: the chain replaces a neuron. Returns the uid. */
  async replace(newcomer: string): Promise<number> {
    const count: unknown = (await storage(this.api, 'subtensorModule', 'subnetworkN')(NETUID)).toJSON();
    await this.configure({ MaxAllowedUids: Number(count), ImmunityPeriod: 0 });
    const [uid] = await this.register(newcomer);
    if (uid === undefined) throw new Error('Registering returned no uid');
    return uid;
  }

  /** Makes blocks until the chain has run the next epoch of the subnet; returns the block's hash. */
  async epoch(): Promise<string> {
    const last = async (): Promise<string> =>
      (await storage(this.api, 'subtensorModule', 'lastMechansimStepBlock')(NETUID)).toString();
    const before = await last();
    for (let block = 0; block < 30; block += 1) {
      const hash = await this.node.newBlock();
      if ((await last()) !== before) return hash;
    }
    throw new Error('No epoch ran in 30 blocks');
  }
}
