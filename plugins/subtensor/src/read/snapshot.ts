import { asNetuid } from '@assay/core/contracts/brands';
import type { BlockReference, ChainSnapshot } from '@assay/core/contracts/chain-client';
import type { Link } from '../rpc/link.js';
import type { Runtimes } from '../runtime/runtimes.js';
import { readCommitments } from './commitments.js';
import { readNeurons } from './neurons.js';
import { readFacts } from './parameters.js';
import { BlockState } from './state.js';
import { SubnetState } from './subnet.js';
import { readWeights } from './weights.js';

/**
 * Everything that a validator has to know of its subnet, all of it at one block.
 * @param chain name of the network, for errors
 * @throws SUBNET_UNKNOWN, MECHANISM_UNKNOWN, STATE_DISCARDED, BLOCK_UNKNOWN, ANSWER_MALFORMED, what `Link.call` throws
 */
export async function readSnapshot(
  place: { netuid: number; mechanism: number; chain: string },
  at: BlockReference,
  { link, runtimes }: { link: Link; runtimes: Runtimes },
  signal: AbortSignal,
): Promise<ChainSnapshot> {
  const subnet = new SubnetState(place, await runtimes.at(at.hash, signal), new BlockState(at.hash, { link, signal }));
  const { size, ...facts } = await readFacts(subnet, at.number, place.chain);
  const [neurons, weights] = await Promise.all([readNeurons(subnet, size), readWeights(subnet)]);
  const lists = await readCommitments(subnet, new Set(neurons.map(({ hotkey }) => hotkey)));
  return { netuid: asNetuid(place.netuid), mechanism: place.mechanism, at, neurons, weights, ...lists, ...facts };
}
