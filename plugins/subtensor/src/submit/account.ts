import { asBlockNumber } from '@assay/core/contracts/brands';
import type { BlockReference } from '@assay/core/contracts/chain-client';
import { z } from 'zod';
import { answerAs } from '../rpc/greeting.js';
import type { Link } from '../rpc/link.js';
import { BlockState } from '../read/state.js';
import { count } from '../read/numbers.js';
import { decoded, PALLET, SubnetState } from '../read/subnet.js';
import type { Runtimes } from '../runtime/runtimes.js';
import type { Owner } from './ticket.js';

const account = z.looseObject({ nonce: count });

interface Deps {
  link: Link;
  runtimes: Runtimes;
}

/** Nonce of the hotkey's next extrinsic, as a block has it; what waits in a pool is not counted. */
export async function nonceAt(
  hotkey: string,
  at: BlockReference,
  { link, runtimes }: Deps,
  signal: AbortSignal,
): Promise<number> {
  const { runtime } = await runtimes.at(at.hash, signal);
  const key = runtime.storageKey('System', 'Account', [hotkey]);
  const values = await new BlockState(at.hash, { link, signal }).values([key]);
  const value = decoded('System.Account', () => runtime.storageValue('System', 'Account', values.get(key) ?? null));
  return answerAs(account, 'System.Account', value).nonce;
}

/**
 * Block at which the chain has last taken weights of a hotkey, or a commit of weights. To register moves it too.
 * @returns undefined where the hotkey is not registered
 */
export async function lastUpdateAt(
  { netuid, mechanism, hotkey }: Omit<Owner, 'genesis'>,
  at: BlockReference,
  { link, runtimes }: Deps,
  signal: AbortSignal,
): Promise<number | undefined> {
  const found = await runtimes.at(at.hash, signal);
  const { runtime } = found;
  const state = new BlockState(at.hash, { link, signal });
  const subnet = new SubnetState({ netuid, mechanism }, found, state);
  const key = runtime.storageKey(PALLET, 'Uids', [netuid, hotkey]);
  const raw = (await state.values([key])).get(key) ?? null;
  if (raw === null) return undefined;
  const uid = answerAs(
    count,
    'Uids',
    decoded('Uids', () => runtime.storageValue(PALLET, 'Uids', raw)),
  );
  const { LastUpdate } = answerAs(z.object({ LastUpdate: z.array(count) }), PALLET, await subnet.items(['LastUpdate']));
  const update = LastUpdate[uid];
  return update === undefined ? undefined : asBlockNumber(update);
}
