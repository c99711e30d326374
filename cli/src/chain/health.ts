import type { ChainConnection, ChainSnapshot, Neuron } from '@assay/core/contracts/chain-client';
import type { ChainLook } from '../chain-command.js';
import { taoText } from '../report/quantities.js';

/** Weights that are older than this many tempos are overdue. */
const TEMPOS = 3;
/** An endpoint that has told of no new block for as many block times has stalled. */
const STALLED_BLOCKS = 5;

interface WeightsAge {
  /** Whether it has set none since it is registered: the chain counts its registration as an update. */
  never: boolean;
  /** Since the last weights, or since the registration where none were set. */
  blocksSinceWeights: number;
  /** 0: they may be set in the next block. */
  blocksUntilWeights: number;
  overdue: boolean;
}

/** How old a validator's weights are, and when the chain takes new ones. */
export function weightsAge({ lastUpdate, registeredAt }: Neuron, { at, parameters }: ChainSnapshot): WeightsAge {
  const blocksSinceWeights = Math.max(0, at.number - Math.max(lastUpdate, registeredAt));
  const waited = lastUpdate === 0 ? parameters.weightsRateLimit : at.number - lastUpdate;
  return {
    never: lastUpdate <= registeredAt,
    blocksSinceWeights,
    blocksUntilWeights: Math.max(0, parameters.weightsRateLimit - waited),
    // Without epochs, or without weights, nothing waits for them.
    overdue: parameters.consensus !== 'null' && parameters.tempo > 0 && blocksSinceWeights > TEMPOS * parameters.tempo,
  };
}

/** Why all is not well, one sentence each; of a look without a hotkey only what concerns the connection. */
export function troubles({ snapshot, own, connection }: Pick<ChainLook, 'snapshot' | 'own' | 'connection'>): string[] {
  return [...connectionTroubles(connection), ...(own.hotkey === null ? [] : ownTroubles(own.neuron, snapshot))];
}

function ownTroubles(neuron: Neuron | null, snapshot: ChainSnapshot): string[] {
  const { parameters, netuid, ownerHotkey } = snapshot;
  if (!neuron) return [`The hotkey is not registered on netuid ${netuid}.`];
  const { blocksSinceWeights, overdue } = weightsAge(neuron, snapshot);
  // The owner's hotkey sets weights with any stake and without a permit.
  const isOwner = neuron.hotkey === ownerHotkey;
  const { stake, validatorPermit } = neuron;
  return [
    ...(validatorPermit || isOwner ? [] : ['The hotkey has no validator permit.']),
    ...(stake >= parameters.stakeThreshold || isOwner
      ? []
      : [
          `The stake of ${taoText(stake)} is below the ${taoText(parameters.stakeThreshold)} that setting weights takes.`,
        ]),
    ...(overdue
      ? [`No weights for ${blocksSinceWeights} blocks, which is more than ${TEMPOS} tempos of ${parameters.tempo}.`]
      : []),
  ];
}

function connectionTroubles(connection: ChainConnection | null): string[] {
  if (!connection) return [];
  const { endpoints, sinceHeadMs, blockTimeMs } = connection;
  const used = endpoints.find(({ inUse }) => inUse);
  return [
    ...(used ? [] : ['No endpoint is in use.']),
    ...(used && used.trouble !== null ? [`The endpoint in use has trouble: ${used.trouble}`] : []),
    ...(sinceHeadMs > STALLED_BLOCKS * blockTimeMs
      ? [`The endpoint has stalled: no new block for ${Math.round(sinceHeadMs / 1000)} s.`]
      : []),
  ];
}
