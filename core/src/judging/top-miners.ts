import type { WeightRow } from '../contracts/chain-client.js';

export interface WeighingNeuron {
  uid: number;
  /** In the unit of `minStake`. */
  stake: bigint;
  validatorPermit: boolean;
}

/** Uids of validators whose weights count: a permit, and the stake. */
export function highStakeValidators(neurons: readonly WeighingNeuron[], minStake: bigint): number[] {
  return neurons.filter(({ stake, validatorPermit }) => validatorPermit && stake >= minStake).map(({ uid }) => uid);
}

/** Uids to which any such validator gives at least this share of its row, ascending. */
export function topMiners(
  snapshot: { neurons: readonly WeighingNeuron[]; weights: ReadonlyMap<number, WeightRow> },
  options: { minStake: bigint; minWeightShare: number },
): number[] {
  const found = new Set<number>();
  for (const uid of highStakeValidators(snapshot.neurons, options.minStake)) {
    const row = snapshot.weights.get(uid) ?? [];
    const total = row.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [miner, weight] of row) {
      if (weight >= total * options.minWeightShare) found.add(miner);
    }
  }
  return [...found].sort((a, b) => a - b);
}
