import type { WeightsSubmission } from '@assay/core/contracts/chain-client';
import type { Draft } from './draft.js';

/** The call that sets weights in plain. */
export function weightsDraft(
  { uids, weights, versionKey }: WeightsSubmission,
  { netuid, mechanism }: { netuid: number; mechanism: number },
): Draft {
  const row = [uids, weights, versionKey] as const;
  const facts = { kind: 'set' };
  const purpose = `weights of subnet ${netuid}`;
  const pallet = 'SubtensorModule';
  return mechanism === 0
    ? { pallet, call: 'set_weights', args: [netuid, ...row], purpose, facts }
    : { pallet, call: 'set_mechanism_weights', args: [netuid, mechanism, ...row], purpose, facts };
}
