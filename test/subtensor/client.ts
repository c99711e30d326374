import { ApiPromise, WsProvider } from '@polkadot/api';
import type { QueryableStorageEntry, SubmittableExtrinsic, SubmittableExtrinsicFunction } from '@polkadot/api/types';

/** A client of its own, beside the plugin under test. It reads what the plugin reads by other calls. */
export async function openClient(url: string): Promise<ApiPromise> {
  return await ApiPromise.create({ provider: new WsProvider(url), noInitWarn: true });
}

export type Extrinsic = SubmittableExtrinsic<'promise'>;

function extrinsicOf(api: ApiPromise, pallet: string, name: string): SubmittableExtrinsicFunction<'promise'> {
  const found = api.tx[pallet]?.[name];
  if (!found) throw new Error(`The runtime has no call ${pallet}.${name}`);
  return found;
}

export function call(api: ApiPromise, pallet: string, name: string, ...values: unknown[]): Extrinsic {
  return extrinsicOf(api, pallet, name)(...values);
}

export function storage(
  api: { query: ApiPromise['query'] },
  pallet: string,
  name: string,
): QueryableStorageEntry<'promise'> {
  const found = api.query[pallet]?.[name];
  if (!found) throw new Error(`The runtime has no storage ${pallet}.${name}`);
  return found;
}

/** Raw storage key and value of one entry: values given as the runtime's type takes them, zero and false included. */
export function encode(
  api: ApiPromise,
  pallet: string,
  name: string,
  keys: readonly unknown[],
  value: unknown,
): [string, string] {
  const entry = storage(api, pallet, name);
  const { type } = entry.creator.meta;
  const lookup = api.registry.createLookupType(type.isMap ? type.asMap.value : type.asPlain);
  const bytes = api.registry.createType(lookup, value).toU8a();
  return [entry.key(...keys), `0x${Buffer.from(bytes).toString('hex')}`];
}
