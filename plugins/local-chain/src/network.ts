import { requireRevealAfter } from '@assay/core/chain/errors';
import { asBlockNumber } from '@assay/core/contracts/brands';
import type {
  BlockReference,
  ChainSnapshot,
  CommitmentReceipt,
  WeightRow,
  WeightsReceipt,
} from '@assay/core/contracts/chain-client';
import type { WeightsCall } from '@assay/lib-subtensor-rules';
import type { z } from 'zod';
import { blockReference, headAfter, headResumed, localBlockHash } from './blocks.js';
import { changeIn, commitAs, hotkeyOf, moveHead } from './changes.js';
import { useSpace } from './commitment-space.js';
import { unopenedOf, type Slot, type Textless } from './commitments.js';
import { NetworkFile } from './database.js';
import { localChainErrors } from './errors.js';
import {
  checkedBy,
  genesisDigest,
  hyperparameters,
  parseGenesis,
  registration,
  type GenesisInput,
  type RegistrationInput,
} from './genesis.js';
import { register, removeNeuron, swapHotkey } from './registration.js';
import { keysOf, parametersText, prepareGenesis, requireHotkey, seedNetwork, writeWeights } from './seed-network.js';
import { readAccounts, readNetwork, readSnapshot, type Account } from './state.js';
import { Submissions } from './submissions.js';
import { setWeights } from './weight-calls.js';

/** What a hotkey has committed itself. */
interface OwnCommitment extends CommitmentReceipt {
  /** Block at which the timelocked commitment would have opened that this one has replaced. */
  replaced?: number;
}

/**
 * A stand-in for one subnet of a Subtensor node, kept in one durable file, with the powers of its administrator. Several
 * processes may hold the same file. Every change is a block of its own; time passes only through `pass` and `advance`.
 */
export class LocalNetwork {
  /** Weights that are sent with a ticket, as a client sends them. */
  readonly submissions: Submissions;

  private constructor(private readonly store: NetworkFile) {
    this.submissions = new Submissions(store);
  }

  /**
   * Makes the network of this genesis, or goes on with it where the file holds it already.
   *
   * @throws GENESIS_INVALID, NETWORK_DIFFERENT and what `open` throws
   */
  static async create(file: string, input: GenesisInput): Promise<LocalNetwork> {
    const genesis = parseGenesis(input);
    const wanted = genesisDigest(genesis);
    const store = NetworkFile.open(file, 'create');
    try {
      if (store.isEmpty()) {
        const prepared = await prepareGenesis(genesis, wanted);
        store.initialise((database) => {
          seedNetwork(database, prepared);
        });
      }
      const found = store.read(readNetwork).genesis_digest;
      if (found !== wanted) throw localChainErrors.NETWORK_DIFFERENT({ file, found, wanted });
      return new LocalNetwork(store);
    } catch (error) {
      store.close();
      throw error;
    }
  }

  /** @throws NETWORK_MISSING, NETWORK_FOREIGN, NETWORK_NEWER, NETWORK_DAMAGED */
  static open(file: string, mode: 'write' | 'read'): LocalNetwork {
    return new LocalNetwork(NetworkFile.open(file, mode));
  }

  get file(): string {
    return this.store.file;
  }

  get netuid(): number {
    return this.store.read(readNetwork).netuid;
  }

  /** Seconds; 0: blocks come only by hand. */
  get blockTime(): number {
    return this.store.read(readNetwork).block_time;
  }

  /** Keys that the network knows by name or derivation, also those of neurons that have left. */
  accounts(): Account[] {
    return this.store.read(readAccounts);
  }

  head(): BlockReference {
    const { seed, head } = this.store.read(readNetwork);
    return blockReference(seed, head);
  }

  /** @throws BLOCK_UNKNOWN beyond the head */
  blockHash(block: number): string {
    const { seed, head } = this.store.read(readNetwork);
    if (!Number.isInteger(block) || block < 0 || block > head) throw localChainErrors.BLOCK_UNKNOWN({ block, head });
    return localBlockHash(seed, block);
  }

  /**
   * At the head, or at an earlier block since which nothing has changed.
   *
   * @throws BLOCK_UNKNOWN, STATE_DISCARDED
   */
  snapshot(at?: BlockReference): ChainSnapshot {
    return this.store.read((database) => {
      const { seed, head, changed_at: oldest } = readNetwork(database);
      if (!at) return readSnapshot(database);
      if (at.number > head || at.hash !== localBlockHash(seed, at.number))
        throw localChainErrors.BLOCK_UNKNOWN({ block: at.number, head });
      if (at.number < oldest) throw localChainErrors.STATE_DISCARDED({ block: at.number, oldest });
      return readSnapshot(database, at.number);
    });
  }

  /** Starts the passing of time after a pause, in which none has passed. `blockTime` in seconds. */
  resume(now: number, blockTime: number): void {
    moveHead(this.store, (head) => headResumed(head, now, blockTime * 1000));
  }

  /**
   * Makes the blocks that are due at `now`, milliseconds since 1970. `blockTime` in seconds.
   *
   * @param elapsed milliseconds since this caller's last `resume` or `pass`, by a clock that nobody can set
   */
  pass(now: number, blockTime: number, elapsed?: number): void {
    moveHead(this.store, (head) => headAfter(head, now, blockTime * 1000, elapsed));
  }

  /** Makes this many empty blocks. */
  advance(blocks: number): BlockReference {
    moveHead(this.store, ({ number, at }) => ({ number: number + blocks, at }));
    return this.head();
  }

  /**
   * The chain's `set_weights` by this hotkey, at once and without a ticket, with the runtime's checks.
   *
   * @throws the runtime's errors, by their names; nothing has changed then
   */
  submitWeights(hotkey: string, call: WeightsCall): WeightsReceipt {
    return changeIn(this.store, (database, block) => {
      setWeights(database, hotkey, call, block);
      return { at: blockReference(readNetwork(database).seed, block), mode: 'set' };
    });
  }

  /**
   * The chain's `set_commitment` by this hotkey, with the runtime's checks.
   *
   * @param revealAfter blocks after which the chain opens it; left out: it is readable at once
   * @throws AccountNotAllowedCommit, SpaceLimitExceeded, COMMITMENT_TOO_LONG, REVEAL_AFTER_INVALID; nothing has changed then
   */
  commit(hotkey: string, text: string, revealAfter?: number): OwnCommitment {
    if (revealAfter !== undefined) requireRevealAfter(revealAfter);
    return changeIn(this.store, (database, block) => {
      const replaced = unopenedOf(database, hotkey);
      const data = Buffer.from(text);
      const opens = revealAfter === undefined ? undefined : asBlockNumber(block + revealAfter);
      const slot =
        opens === undefined ? ({ kind: 'text', data } as const) : ({ kind: 'timelocked', data, opens } as const);
      const at = commitAs(database, hotkey, slot, block);
      const { netuid, hyperparameters: parameters } = readNetwork(database);
      useSpace(database, hotkey, data.length, { block, netuid, tempo: parameters.tempo });
      return { at, ...(opens !== undefined && { opens }), ...(replaced !== undefined && { replaced }) };
    });
  }

  /** A commitment of anybody, as often as wanted. @throws AccountNotAllowedCommit, COMMITMENT_TOO_LONG */
  setCommitment(who: string | number, data: string | Uint8Array): BlockReference {
    return this.#commitAs(who, { kind: 'text', data: Buffer.from(data) });
  }

  /**
   * A commitment of anybody that the chain opens at block `opens`, or in the block after it where that is later. Until then a
   * plain commitment overwrites it.
   *
   * @throws AccountNotAllowedCommit, COMMITMENT_TOO_LONG
   */
  setTimelocked(who: string | number, data: string | Uint8Array, opens: number): BlockReference {
    return this.#commitAs(who, { kind: 'timelocked', data: Buffer.from(data), opens });
  }

  /** A commitment of anybody that holds no text. @throws AccountNotAllowedCommit */
  setTextless(who: string | number, kind: Textless): BlockReference {
    return this.#commitAs(who, { kind });
  }

  /**
   * Registers a neuron: at `uid`, whose neuron it replaces as on a full subnet, or at the lowest free one.
   *
   * @throws ALREADY_REGISTERED, SUBNET_FULL, GENESIS_INVALID
   */
  async registerNeuron(input: RegistrationInput, uid?: number): Promise<{ uid: number; hotkey: string }> {
    const given = checkedBy(registration, input);
    const keys = await keysOf(given);
    return changeIn(this.store, (database, block) => register(database, given, keys, { block, uid }));
  }

  /**
   * Gives a neuron another hotkey: uid, coldkey, stake and block of registration stay, and the old hotkey's commitments stay
   * with the old hotkey.
   *
   * @throws ALREADY_REGISTERED, UID_UNKNOWN, GENESIS_INVALID
   */
  async swapHotkey(uid: number, input: Pick<RegistrationInput, 'name' | 'derivation' | 'hotkey'>): Promise<string> {
    const keys = await keysOf(checkedBy(registration, input));
    changeIn(this.store, (database) => {
      swapHotkey(database, uid, keys);
    });
    return keys.hotkey;
  }

  /** Makes this hotkey the owner's, registered or not. @throws GENESIS_INVALID */
  async setOwner(hotkey: string): Promise<void> {
    await requireHotkey(hotkey);
    this.#setHyperparameters({ ownerHotkey: hotkey });
  }

  /** Takes a neuron off the subnet. Its commitment stays on the chain. @throws UID_UNKNOWN */
  deregister(uid: number): void {
    changeIn(this.store, (database) => {
      if (!removeNeuron(database, uid)) throw localChainErrors.UID_UNKNOWN({ uid });
    });
  }

  /** @throws UID_UNKNOWN */
  setStake(uid: number, rao: bigint): void {
    this.#updateNeuron(uid, 'stake', String(rao));
  }

  /** @throws UID_UNKNOWN */
  setValidatorPermit(uid: number, permit: boolean): void {
    this.#updateNeuron(uid, 'validator_permit', permit ? 1 : 0);
  }

  /** @throws GENESIS_INVALID */
  setHyperparameters(change: Partial<Omit<z.output<typeof hyperparameters>, 'ownerHotkey'>>): void {
    this.#setHyperparameters(change);
  }

  #setHyperparameters(change: Partial<z.output<typeof hyperparameters>>): void {
    changeIn(this.store, (database) => {
      const next = checkedBy(hyperparameters, { ...readNetwork(database).hyperparameters, ...change });
      database.prepare('UPDATE network SET hyperparameters = ?').run(parametersText(next));
    });
  }

  /** Another validator's row, set in this block without any check; an empty one takes it off. */
  putWeights(uid: number, row: WeightRow): void {
    changeIn(this.store, (database, block) => {
      if (row.length === 0) database.prepare('DELETE FROM weights WHERE uid = ?').run(uid);
      else {
        writeWeights(database, uid, row);
        database.prepare('UPDATE neurons SET last_update = ? WHERE uid = ?').run(block, uid);
      }
    });
  }

  close(): void {
    this.store.close();
  }

  #commitAs(who: string | number, slot: Slot): BlockReference {
    return changeIn(this.store, (database, block) => commitAs(database, hotkeyOf(database, who), slot, block));
  }

  #updateNeuron(uid: number, column: 'stake' | 'validator_permit', value: string | number): void {
    changeIn(this.store, (database) => {
      const { changes } = database.prepare(`UPDATE neurons SET ${column} = ? WHERE uid = ?`).run(value, uid);
      if (changes === 0) throw localChainErrors.UID_UNKNOWN({ uid });
    });
  }
}
