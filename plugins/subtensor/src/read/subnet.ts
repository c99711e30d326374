import type { Codec } from '@polkadot/types/types';
import { messageOf } from '@assay/core/errors/describe';
import { malformed } from '../rpc/greeting.js';
import type { RuntimeAt } from '../runtime/runtimes.js';
import type { Runtime } from '../runtime/runtime.js';
import type { BlockState } from './state.js';

export const PALLET = 'SubtensorModule';

/** Storage items of SubtensorModule that a mechanism of a subnet has for itself. */
const OF_MECHANISM = new Set([
  'LastUpdate',
  'Incentive',
  'Weights',
  'WeightCommits',
  'TimelockedWeightCommits',
  'CRV3WeightCommits',
  'CRV3WeightCommitsV2',
]);
/** The chain numbers a mechanism of a subnet so (subtensor, subnets/mechanism.rs). */
const MECHANISM_STRIDE = 4096;

/** What a mechanism of a subnet is called in the maps that each mechanism has for itself. */
export const storageIndexOf = ({ netuid, mechanism }: { netuid: number; mechanism: number }): number =>
  mechanism * MECHANISM_STRIDE + netuid;

/** One subnet at one block, with the types of that block. */
export class SubnetState {
  readonly runtime: Runtime;
  readonly callable: boolean;

  constructor(
    readonly place: { netuid: number; mechanism: number },
    { runtime, callable }: RuntimeAt,
    readonly state: BlockState,
  ) {
    this.runtime = runtime;
    this.callable = callable;
  }

  /** What the subnet is called in the maps that each mechanism has for itself. */
  get storageIndex(): number {
    return storageIndexOf(this.place);
  }

  /**
   * Values of this subnet in maps of SubtensorModule, or plain values, by the name of the item and as JSON. An item that
   * may be missing is undefined where this runtime does not have it. All come with one call.
   * @throws ANSWER_MALFORMED when a value can't be decoded, RUNTIME_UNREADABLE
   */
  async items(
    names: readonly string[],
    mayBeMissing: readonly string[] = [],
  ): Promise<Readonly<Record<string, unknown>>> {
    const { runtime } = this;
    const known = [...names, ...mayBeMissing.filter((name) => runtime.hasStorage(PALLET, name))];
    const keys = new Map(known.map((name) => [name, runtime.storageKey(PALLET, name, this.#argumentsOf(name))]));
    const values = await this.state.values([...keys.values()]);
    return Object.fromEntries(known.map((name) => [name, this.#json(name, values.get(keys.get(name) ?? '') ?? null)]));
  }

  /**
   * The map's part for this subnet: the last argument of each key, as JSON, with the raw value.
   * @throws ANSWER_MALFORMED when a key is none of this map
   */
  async part(pallet: string, item: string): Promise<{ argument: unknown; value: string }[]> {
    const { runtime } = this;
    const index = OF_MECHANISM.has(item) ? this.storageIndex : this.place.netuid;
    const rows = await this.state.entries(runtime.storageKey(pallet, item, [index]));
    return [...rows].map(([key, value]) => {
      const argument = decoded(item, () => runtime.lastArgument(pallet, item, key));
      if (runtime.storageKey(pallet, item, [index, argument]) !== key)
        throw malformed(item, 'a key that is none of it');
      return { argument, value };
    });
  }

  #argumentsOf(name: string): number[] {
    if (this.runtime.isPlain(PALLET, name)) return [];
    return [OF_MECHANISM.has(name) ? this.storageIndex : this.place.netuid];
  }

  #json(name: string, value: string | null): unknown {
    return decoded(`${PALLET}.${name}`, () => this.runtime.storageValue(PALLET, name, value));
  }
}

/** A value as JSON. @throws ANSWER_MALFORMED where `decode` throws */
export function decoded(what: string, decode: () => Codec): unknown {
  try {
    return decode().toJSON();
  } catch (error) {
    throw malformed(what, messageOf(error));
  }
}
