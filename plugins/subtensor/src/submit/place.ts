import type { BlockReference } from '@assay/core/contracts/chain-client';
import { BlockState } from '../read/state.js';
import { SubnetState } from '../read/subnet.js';
import type { Link } from '../rpc/link.js';
import type { Runtimes } from '../runtime/runtimes.js';

/** Where a client sets weights. */
export interface Place {
  netuid: number;
  mechanism: number;
  /** Name of the network, for errors. */
  chain: string;
}

export interface PlaceDeps {
  place: Place;
  link: Link;
  runtimes: Runtimes;
}

/** The subnet at one block. @throws what `Runtimes.at` throws */
export async function subnetAt(
  { place, link, runtimes }: PlaceDeps,
  { hash }: Pick<BlockReference, 'hash'>,
  signal: AbortSignal,
): Promise<SubnetState> {
  return new SubnetState(place, await runtimes.at(hash, signal), new BlockState(hash, { link, signal }));
}

/** Block that is expected to hold what is signed upon a final block: the node has a few blocks on top of it already. */
export const inclusionAfter = ({ number }: Pick<BlockReference, 'number'>, { head }: Pick<Link, 'head'>): number =>
  Math.max(number, head ?? 0) + 1;
