import { z } from 'zod';
import { answerAs, malformed } from '../rpc/greeting.js';
import type { Columns } from './columns.js';
import { account, amount, count, fraction } from './numbers.js';
import { inherited, weighted } from './stake.js';
import { decoded, PALLET, type SubnetState } from './subnet.js';

const NETUID_ROOT = 0;

const lists = z.object({
  LastUpdate: z.array(count),
  Incentive: z.array(fraction),
  Dividends: z.array(fraction),
  ValidatorPermit: z.array(z.boolean()),
  TaoWeight: amount,
});
const relatives = z.array(z.tuple([amount, account]));

/**
 * The metagraph out of single storage maps, where no runtime function gives it.
 * @param size number of uids
 * @throws ANSWER_MALFORMED, what `Link.call` throws
 */
export async function readColumns(subnet: SubnetState, size: number): Promise<Columns> {
  const { netuid } = subnet.place;
  const uids = Array.from({ length: size }, (_, uid) => uid);
  const [named, keys, registered] = await Promise.all([
    subnet.items(Object.keys(lists.shape)),
    valuesOf(
      subnet,
      'Keys',
      uids.map((uid) => [netuid, uid]),
      account,
    ),
    valuesOf(
      subnet,
      'BlockAtRegistration',
      uids.map((uid) => [netuid, uid]),
      count,
    ),
  ]);
  const { LastUpdate, Incentive, Dividends, ValidatorPermit, TaoWeight } = answerAs(lists, PALLET, named);
  const coldkeys = await valuesOf(
    subnet,
    'Owner',
    keys.map((hotkey) => [hotkey]),
    account,
  );
  return {
    hotkeys: keys,
    coldkeys,
    validatorPermit: ValidatorPermit,
    lastUpdate: LastUpdate,
    dividends: Dividends,
    incentives: Incentive,
    blockAtRegistration: registered,
    totalStake: await readStakes(subnet, keys, TaoWeight),
  };
}

/** What each hotkey's stake weighs on the subnet, with what it gives to its children and has of its parents. */
async function readStakes(subnet: SubnetState, hotkeys: readonly string[], taoWeight: bigint): Promise<bigint[]> {
  const { netuid } = subnet.place;
  const places = hotkeys.map((hotkey) => [hotkey, netuid]);
  const [children, parents] = await Promise.all([
    valuesOf(subnet, 'ChildKeys', places, relatives),
    valuesOf(subnet, 'ParentKeys', places, relatives),
  ]);
  const everybody = [...new Set([...hotkeys, ...parents.flat().map(([, parent]) => parent)])];
  const stakesOn = async (where: number): Promise<Map<string, bigint>> => {
    const stakes = await valuesOf(
      subnet,
      'TotalHotkeyAlpha',
      everybody.map((hotkey) => [hotkey, where]),
      amount,
    );
    return new Map(everybody.map((hotkey, index) => [hotkey, stakes[index] ?? 0n]));
  };
  const [alpha, tao] = await Promise.all([stakesOn(netuid), stakesOn(NETUID_ROOT)]);
  return hotkeys.map((hotkey, uid) => {
    const family = { children: children[uid] ?? [], parents: parents[uid] ?? [] };
    return weighted(inherited(hotkey, family, alpha), inherited(hotkey, family, tao), taoWeight);
  });
}

/** One value of a map of SubtensorModule for each list of arguments. */
async function valuesOf<T>(
  { runtime, state }: SubnetState,
  item: string,
  places: readonly (readonly unknown[])[],
  schema: z.ZodType<T>,
): Promise<T[]> {
  const keys = places.map((place) => runtime.storageKey(PALLET, item, place));
  const values = await state.values(keys);
  return keys.map((key) => {
    const value = values.get(key);
    if (value === undefined) throw malformed(item, 'a value is missing');
    return answerAs(
      schema,
      item,
      decoded(item, () => runtime.storageValue(PALLET, item, value)),
    );
  });
}
