import type {
  ChainClient,
  ChainSnapshot,
  Neuron,
  SubnetParameters,
  UnreadableCommitment,
  WeightRow,
} from '../../contracts/chain-client.js';
import { isAssayError } from '../../errors/assay-error.js';
import { demand, reasonOf, skip } from '../checks.js';

/** For whom a client acts: a validator with a permit, a registered hotkey without one, or one that is not registered. */
export interface ChainRequest {
  as: 'validator' | 'miner' | 'stranger';
  mode: 'validate' | 'read';
}

/** Opens one more client of the same network; undefined where there is none of this kind. */
export type ChainFactory = (request: ChainRequest) => Promise<ChainClient | undefined>;

/** Where a neuron stands. */
export interface Place {
  uid: number;
  hotkey: string;
}

/**
 * What an author lets the network do, beside what its clients do. Each call resolves when the head that a client names
 * holds the change. Checks that need a member which is left out are skipped.
 */
export interface ChainWorld {
  /** Makes this many blocks at least. */
  makeBlocks?(count: number): Promise<void>;
  /** Registers `hotkey`, or a new one: at `uid`, whose neuron it replaces, or at any. */
  register?(request: { uid?: number; hotkey?: string }): Promise<Place>;
  /** Gives a neuron a new hotkey; uid and block of registration stay. Returns the new hotkey. */
  swapHotkey?(uid: number): Promise<string>;
  deregister?(uid: number): Promise<void>;
  /** Commits raw bytes, 128 at most, of a hotkey that `register` has returned. */
  putCommitment?(hotkey: string, bytes: Uint8Array): Promise<void>;
  /** Puts a commitment without a text of a hotkey that `register` has returned. */
  putTextless?(hotkey: string, kind: Exclude<UnreadableCommitment['kind'], 'timelocked'>): Promise<void>;
  /** Commits a timelocked text of a hotkey that `register` has returned; it must not open before `reveal`. */
  putTimelocked?(hotkey: string, text: string): Promise<void>;
  /** Lets the chain open what `putTimelocked` has committed of this hotkey. */
  reveal?(hotkey: string): Promise<void>;
  /** Sets weights of a validator other than the clients'; the largest is 65535. Returns its uid. */
  setWeights?(row: WeightRow): Promise<number>;
  /** Lets the chain turn weights into incentives once, and reveal the committed weights that are due before. */
  passEpoch?(): Promise<void>;
  /** Makes this many blocks, in which the chain opens the timelocked commitments that clients have made and that are due. */
  passTimelock?(blocks: number): Promise<void>;
  /** Checks of committed weights switch `commitRevealEnabled` on, and back again. */
  setParameters?(change: Partial<SubnetParameters>): Promise<void>;
}

const CHAIN_FAULTS: readonly string[] = ['chain', 'network', 'config'];

/** What all checks of one client share. */
export class ChainSubject {
  constructor(
    private readonly factory: ChainFactory,
    private readonly world: ChainWorld,
    readonly signal: AbortSignal,
    /** Whether clients are closed after each check. */
    readonly isFactory: boolean,
  ) {}

  /** Opens a client for the time of `work`. */
  async with<T>(request: Partial<ChainRequest>, work: (client: ChainClient) => Promise<T>): Promise<T> {
    const { as = 'validator', mode = 'validate' } = request;
    const client = await this.factory({ as, mode });
    if (!client) skip(`no client that acts for a ${as} in mode ${mode} was given`);
    try {
      return await work(client);
    } finally {
      if (this.isFactory) await client.close();
    }
  }

  /** A member of the world, or the check is skipped. */
  needs<Name extends keyof ChainWorld>(name: Name): NonNullable<ChainWorld[Name]> {
    const member = this.world[name];
    if (!member) skip(`the world has no ${name}`);
    // A member may use `this`.
    return member.bind(this.world) as NonNullable<ChainWorld[Name]>;
  }

  has(name: keyof ChainWorld): boolean {
    return this.world[name] !== undefined;
  }

  /** Takes a neuron off the subnet: alone, or by putting another one in its place. */
  async remove(uid: number): Promise<void> {
    if (this.has('deregister')) await this.needs('deregister')(uid);
    else await this.needs('register')({ uid });
  }
}

/** A check of the kit. */
export type ChainCheck = (subject: ChainSubject) => Promise<void>;

/** Demands that a call rejects with a coded error whose fault is not the miner. Returns its code. */
export async function refused(
  what: string,
  call: () => Promise<unknown>,
  faults: readonly string[] = CHAIN_FAULTS,
): Promise<string> {
  const error: unknown = await call().then(
    () => undefined,
    (reason: unknown) => reason ?? new Error('nothing was thrown'),
  );
  demand(error !== undefined, `${what} was not refused`);
  demand(isAssayError(error), `${what} ended in ${reasonOf(error)}`);
  demand(faults.includes(error.fault), `${what} was a fault of the ${error.fault} (${error.code})`);
  return error.code;
}

export function neuronAt({ neurons }: ChainSnapshot, uid: number): Neuron {
  const neuron = neurons.find((candidate) => candidate.uid === uid);
  demand(neuron !== undefined, `there is no neuron with uid ${uid}`);
  return neuron;
}

/** A value for people, bigints as digits. */
export const shown = (value: unknown): string =>
  value === undefined
    ? 'nothing'
    : JSON.stringify(value, (_key, member: unknown) =>
        typeof member === 'bigint' ? String(member) : member instanceof Map ? [...member] : member,
      );
