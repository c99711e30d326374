import { textsShown } from '../../chain/claim-texts.js';
import type { ChainSnapshot } from '../../contracts/chain-client.js';
import type { TakenClaim } from '../../contracts/entrants-rule.js';
import { competitionAt } from '../../competition/schedule.js';
import { claimIn } from '../claims.js';
import { judgedIds, type ScheduledCompetition } from '../competitions.js';
import type { RuntimeDeps } from '../context.js';

/**
 * The claims to a competition that a snapshot shows, in order of block, then uid, then as the chain has them. Texts that are no
 * claim, and claims to a competition that was not open yet, are left out: the refusal is reported when the claim is checked.
 */
export function claimsShown(
  deps: Pick<RuntimeDeps, 'scheme' | 'profile'>,
  { competition }: Pick<ScheduledCompetition, 'competition'>,
  snapshot: ChainSnapshot,
): TakenClaim[] {
  const judged = judgedIds(competition);
  const neurons = new Map(snapshot.neurons.map((neuron) => [neuron.hotkey, neuron]));
  const found = textsShown(snapshot, deps.scheme).flatMap(({ hotkey, data, block }): TakenClaim[] => {
    const neuron = neurons.get(hotkey);
    const claim = neuron && claimIn(deps, data, snapshot.at.number);
    if (!claim || !judged.includes(claim.competition)) return [];
    if (!competitionAt(deps.profile.schedule, claim.competition, block)) return [];
    const { uid, coldkey } = neuron;
    return [{ uid, hotkey, coldkey, block, commitment: data, reference: claim.reference }];
  });
  return found.sort((a, b) => a.block - b.block || a.uid - b.uid);
}
