import type { z } from 'zod';
import { decoded, type SubnetState } from '../read/subnet.js';
import { answerAs } from '../rpc/greeting.js';

/**
 * One value of any pallet; undefined where the chain holds none, or this runtime has no such item.
 * @throws ANSWER_MALFORMED, what `Link.call` throws
 */
export async function storedValue<T>(
  { runtime, state }: Pick<SubnetState, 'runtime' | 'state'>,
  [pallet, item]: readonly [pallet: string, item: string],
  args: readonly unknown[],
  schema: z.ZodType<T>,
): Promise<T | undefined> {
  if (!runtime.hasStorage(pallet, item)) return undefined;
  const key = runtime.storageKey(pallet, item, args);
  const value = (await state.values([key])).get(key) ?? null;
  if (value === null) return undefined;
  const name = `${pallet}.${item}`;
  return answerAs(
    schema,
    name,
    decoded(name, () => runtime.storageValue(pallet, item, value)),
  );
}
