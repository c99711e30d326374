import type { RuntimeDeps } from '../context.js';
import type { ScheduledCompetition } from '../competitions.js';
import { admitted, headsOf, ownState, queueOf, type ClaimQueue } from '../intake/claim-queue.js';
import { contendersOf, incumbentsOf, type Contender } from './plan.js';

type Deps = Pick<RuntimeDeps, 'state' | 'view' | 'rules' | 'operator'>;
type Entry = Pick<ScheduledCompetition, 'competition' | 'rulesAt'>;

/** Contenders of the next round: of all with a verified model those that the competition's entrants rule lets play. */
export function entrantsOf(deps: Deps, entry: Entry, block: number): Contender[] {
  const { state } = deps;
  const { id } = entry.competition;
  const { record: by, rule } = entry.rulesAt(block).entrants;
  const queue = queueOf(deps, entry, block);
  const all = queue ? verifiedHeads(deps, queue) : contendersOf(deps, id);
  const own = queue ? queue.state : ownState({ by, rule }, state.entrants(id));
  const incumbents = incumbentsOf(deps, id);
  const kept = new Set(state.contenders(id).kept);
  const waiting = all.map(({ neuron: { uid, hotkey }, model }) => ({
    ...{ uid, hotkey, block: model.block, digest: model.facts.evaluationDigest },
    isKept: kept.has(hotkey),
  }));
  const denied = queue ? deniedIn(deps, queue) : [];
  const playing = new Set(rule.select(own, waiting, { block, incumbents, denied }));
  return all.filter(({ neuron }) => playing.has(neuron.hotkey));
}

/** Of the first claims of a queue those whose models are verified, in order of block, then uid. */
function verifiedHeads(deps: Deps, queue: ClaimQueue): Contender[] {
  const found = headsOf(deps, queue).flatMap(({ hotkey, commitment, block }): Contender[] => {
    const neuron = deps.view.neuronOf(hotkey);
    const model = deps.state.model(hotkey);
    if (!neuron || !model?.facts || !model.reference) return [];
    if (model.commitment !== commitment || model.block !== block) return [];
    return [{ neuron, model: { ...model, facts: model.facts, reference: model.reference } }];
  });
  return found.sort((a, b) => a.model.block - b.model.block || a.neuron.uid - b.neuron.uid);
}

function deniedIn(deps: Deps, queue: ClaimQueue): string[] {
  const playable = new Set(admitted(deps, queue).map(({ hotkey }) => hotkey));
  return queue.waiting.flatMap(({ hotkey }) => (playable.has(hotkey) ? [] : [hotkey]));
}
