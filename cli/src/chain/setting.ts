import { weightsAge } from '@assay/core/chain/weights-age';
import type { ChainLook } from '../chain-command.js';
import { taoText } from '../report/quantities.js';

type SettingLook = Pick<ChainLook, 'snapshot' | 'own' | 'kept'>;

/** Whether weights could be set now, and how; null without a hotkey. */
export interface SettingFacts {
  canSetWeights: boolean | null;
  /** Why not, one sentence each. */
  whyNot: string[];
  /** Block from which on the rate limit lets weights through; null where it does so now. */
  rateLimitOpensAt: number | null;
  /** `committed`: the chain takes them by commit and reveal. */
  weightsMode: 'set' | 'committed';
}

export function settingFacts(look: SettingLook): SettingFacts {
  const { own, snapshot } = look;
  const { commitRevealEnabled, weightsRateLimit } = snapshot.parameters;
  const weightsMode = commitRevealEnabled ? 'committed' : 'set';
  if (own.hotkey === null) return { canSetWeights: null, whyNot: [], rateLimitOpensAt: null, weightsMode };
  const waits = own.neuron !== null && weightsAge(own.neuron, snapshot).blocksUntilWeights > 0;
  const rateLimitOpensAt = own.neuron && waits ? own.neuron.lastUpdate + weightsRateLimit : null;
  const whyNot = [
    ...standingTroubles(look),
    ...(snapshot.parameters.consensus === 'null' ? ['The consensus of the subnet is null: it takes no weights.'] : []),
    ...(rateLimitOpensAt === null ? [] : [`The rate limit opens at block ${rateLimitOpensAt}.`]),
    ...(look.kept?.isOpen === true ? ['The answer to the last weights was lost, and they may still land.'] : []),
    ...(look.kept && look.kept.doppelganger !== null ? [doppelgangerText(look.kept.doppelganger)] : []),
  ];
  return { canSetWeights: whyNot.length === 0, whyNot, rateLimitOpensAt, weightsMode };
}

/** What a hotkey lacks to set weights at all. */
export function standingTroubles({ own: { neuron }, snapshot }: Pick<ChainLook, 'snapshot' | 'own'>): string[] {
  const { parameters, netuid, ownerHotkey } = snapshot;
  if (!neuron)
    return [`The hotkey is not registered on netuid ${netuid}. Register it, or name another netuid or wallet.`];
  const { stake, validatorPermit } = neuron;
  // The owner's hotkey sets weights with any stake and without a permit.
  if (neuron.hotkey === ownerHotkey) return [];
  return [
    ...(validatorPermit ? [] : ['The hotkey has no validator permit. Permits go to the highest stakes at each epoch.']),
    ...(stake >= parameters.stakeThreshold
      ? []
      : [
          `The stake of ${taoText(stake)} is below the ${taoText(parameters.stakeThreshold)} that setting weights takes.`,
        ]),
  ];
}

export const doppelgangerText = (block: number): string =>
  `Another validator has set weights with this hotkey at block ${block}. Stop it and start this one with --i-am-the-only-one.`;
