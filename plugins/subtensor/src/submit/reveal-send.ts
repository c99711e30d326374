import { palletErrors } from '@assay/lib-subtensor-rules';
import { PALLET } from '../read/subnet.js';
import { hashCommits } from './commits.js';
import type { MakeDraft } from './draft.js';
import { inclusionAfter, subnetAt, type PlaceDeps } from './place.js';
import { checkSafeMode } from './preflight.js';
import { revealWindow } from './reveal-timing.js';
import { argumentsOf, revealCall } from './weights-calls.js';
import type { HashFacts } from './weights-facts.js';

/**
 * The reveal of weights that were committed by hash.
 * @throws NoWeightsCommitFound, RevealTooEarly, ExpiredWeightCommit, CallFiltered, COMMIT_CALL_UNKNOWN; what `Link.call`
 *   throws
 */
export function revealDraft(facts: HashFacts, hotkey: string, deps: PlaceDeps): MakeDraft {
  return async (signal, at) => {
    const { netuid, mechanism: mecid } = deps.place;
    const subnet = await subnetAt(deps, at, signal);
    const chosen = revealCall(subnet);
    await checkSafeMode(subnet, chosen.call);
    const own = (await hashCommits(subnet, hotkey)).find(({ hash }) => hash === facts.commitHash);
    if (!own) throw palletErrors.NoWeightsCommitFound({ hotkey, netuid });
    const { opens, epoch, current } = await revealWindow(subnet, own.since, {
      block: at.number,
      inclusion: inclusionAfter(at, deps.link),
    });
    if (current < epoch) throw palletErrors.RevealTooEarly({ opensAt: opens });
    if (current > epoch) throw palletErrors.ExpiredWeightCommit({ epoch, current });
    const { uids, weights: values, salt, versionKey } = facts;
    return {
      pallet: PALLET,
      call: chosen.call,
      args: argumentsOf(subnet, chosen, { netuid, mecid, uids, values, salt, versionKey: BigInt(versionKey) }),
      purpose: `the reveal of weights for ${uids.length} uids of subnet ${netuid}`,
      facts: { kind: 'reveal', commitHash: facts.commitHash },
    };
  };
}
