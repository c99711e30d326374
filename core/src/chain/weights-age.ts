import type { ChainSnapshot, Neuron } from '../contracts/chain-client.js';

/** Weights that are older than this many tempos are overdue. */
export const OVERDUE_TEMPOS = 3;

export interface WeightsAge {
  /** Whether it has set none since it is registered: the chain counts its registration as an update. */
  never: boolean;
  /** Since the last weights, or since the registration where none were set. */
  blocksSinceWeights: number;
  /** 0: they may be set in the next block. */
  blocksUntilWeights: number;
  /** Whether the weights are older than `OVERDUE_TEMPOS` tempos. */
  overdue: boolean;
}

/**
 * How old a validator's weights are, and when the chain takes new ones. A validator that has never set any is overdue by the
 * blocks since its registration, or since `watchedSince` where that is later. Where no validator of the network has set any
 * since its registration, only `watchedSince` counts.
 * @param watchedSince block at which a validator here has seen this registration first
 */
export function weightsAge(
  { lastUpdate, registeredAt }: Pick<Neuron, 'lastUpdate' | 'registeredAt'>,
  { at, parameters, neurons }: Pick<ChainSnapshot, 'at' | 'parameters' | 'neurons'>,
  watchedSince?: number,
): WeightsAge {
  const { weightsRateLimit, consensus, tempo } = parameters;
  const never = lastUpdate <= registeredAt;
  const waited = lastUpdate === 0 ? weightsRateLimit : at.number - lastUpdate;
  const isNew = neurons.every((neuron) => neuron.lastUpdate <= neuron.registeredAt);
  const unset = Math.max(registeredAt, watchedSince ?? (isNew ? at.number : 0));
  const expected = at.number - (never ? unset : lastUpdate);
  return {
    never,
    blocksSinceWeights: Math.max(0, at.number - Math.max(lastUpdate, registeredAt)),
    blocksUntilWeights: Math.max(0, weightsRateLimit - waited),
    // Without epochs, or without weights, nothing waits for them.
    overdue: consensus !== 'null' && tempo > 0 && expected > OVERDUE_TEMPOS * tempo,
  };
}
