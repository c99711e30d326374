import { claimTextOf } from '../../chain/claim-texts.js';
import { asBlockNumber } from '../../contracts/brands.js';
import type { Commitment, Neuron } from '../../contracts/chain-client.js';
import { claimIn } from '../claims.js';
import { judgedIds, type ScheduledCompetition } from '../competitions.js';
import type { RuntimeDeps } from '../context.js';
import { headsOf, queueOf, type ClaimQueue } from './claim-queue.js';

type Deps = Pick<RuntimeDeps, 'state' | 'view' | 'scheme' | 'profile' | 'operator' | 'competitions'>;

/**
 * The claim of a hotkey whose model is looked at now. A hotkey that waits in a queue has the claim that was taken in, once it is
 * among the first; where its newest text is a claim to a competition with a queue, nothing else is looked at. Everybody else has
 * the newest text.
 */
export function claimThatCounts(deps: Deps, { hotkey }: Pick<Neuron, 'hotkey'>, block: number): Commitment | undefined {
  const queues = queuesInForce(deps, block);
  for (const { queue } of queues) {
    if (!queue.waiting.some((claim) => claim.hotkey === hotkey)) continue;
    const head = headsOf(deps, queue).find((claim) => claim.hotkey === hotkey);
    return head && { hotkey, data: head.commitment, block: asBlockNumber(head.block) };
  }
  const newest = claimTextOf(deps.view.current, deps.scheme, hotkey);
  const claim = newest && claimIn(deps, newest.data, block);
  const hasQueue = claim && queues.some(({ entry }) => judgedIds(entry.competition).includes(claim.competition));
  return hasQueue ? undefined : newest;
}

/** The queues of the competitions in force whose entrants rule takes claims in. */
function queuesInForce(
  deps: Pick<Deps, 'state' | 'competitions'>,
  block: number,
): { entry: ScheduledCompetition; queue: ClaimQueue }[] {
  return deps.competitions.inForce(block).flatMap((entry) => {
    const queue = queueOf(deps, entry, block);
    return queue ? [{ entry, queue }] : [];
  });
}

/** The first claims of all queues whose models were not looked at yet: rounds wait for them. */
export function headsToLookAt(deps: Deps): { hotkey: string; commitment: string; block: number }[] {
  const { state, view } = deps;
  return queuesInForce(deps, view.current.at.number).flatMap(({ queue }) =>
    headsOf(deps, queue).filter(({ hotkey, commitment, block }) => {
      const model = state.model(hotkey);
      return model?.commitment !== commitment || model.block !== block;
    }),
  );
}
