import { asHotkey, asUid } from '../../contracts/brands.js';
import { isSameReference } from '../../contracts/model.js';
import { isRegistered, NO_UID, type Defender } from '../../contracts/standing-rule.js';
import type { RuntimeDeps } from '../context.js';
import type { ScheduledCompetition } from '../competitions.js';
import { defendersOf, type Defenders } from '../defenders.js';
import { admitted, headsOf, ownState, queueOf, type ClaimQueue } from '../intake/claim-queue.js';
import { contendersOf, incumbentsOf, inOrder, type Contender, type RoundPlan } from './plan.js';

type Deps = Pick<RuntimeDeps, 'state' | 'view' | 'rules' | 'operator'>;
type Entry = Pick<ScheduledCompetition, 'competition' | 'rulesAt'>;

/**
 * Contenders of the next round, defenders left out: of all with a verified model those that the competition's entrants rule lets
 * play. A hotkey plays once, so that a defender's owner does not challenge its own model.
 */
export function entrantsOf(deps: Deps, entry: Entry, block: number): Pick<RoundPlan, 'contenders' | 'repetition'> {
  const { state } = deps;
  const { id } = entry.competition;
  const { record: by, rule } = entry.rulesAt(block).entrants;
  const queue = queueOf(deps, entry, block);
  const defending = new Set(defendersOf(deps, entry, block).map(({ hotkey }) => hotkey));
  const verified = queue ? verifiedHeads(deps, queue) : contendersOf(deps, id);
  const all = verified.filter(({ neuron: { hotkey } }) => !defending.has(hotkey));
  const own = queue ? queue.state : ownState({ by, rule }, state.entrants(id));
  const incumbents = incumbentsOf(deps, entry, block);
  const kept = new Set(state.contenders(id).kept);
  const waiting = all.map(({ neuron: { uid, hotkey }, model }) => ({
    ...{ uid, hotkey, block: model.block, digest: model.facts.evaluationDigest },
    isKept: kept.has(hotkey),
  }));
  const denied = queue ? deniedIn(deps, queue) : [];
  const playing = new Set(rule.select(own, waiting, { block, incumbents, denied }));
  return {
    contenders: all.filter(({ neuron }) => playing.has(neuron.hotkey)),
    repetition: rule.repetition?.(own) ?? 1,
  };
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
  return inOrder(found);
}

function deniedIn(deps: Deps, queue: ClaimQueue): string[] {
  const playable = new Set(admitted(deps, queue).map(({ hotkey }) => hotkey));
  return queue.waiting.flatMap(({ hotkey }) => (playable.has(hotkey) ? [] : [hotkey]));
}

/**
 * The models that defend a competition as contenders, fetched where they are not here.
 * @throws DEFENDER_UNAVAILABLE
 */
export async function defendingContenders(
  deps: Deps,
  defenders: Defenders,
  entry: ScheduledCompetition,
  block: number,
  signal: AbortSignal,
): Promise<Contender[]> {
  const found: Contender[] = [];
  for (const defender of defendersOf(deps, entry, block)) {
    const { facts } = await defenders.model(entry, defender, signal);
    const nobodies = found.filter(({ neuron: { uid } }) => !isRegistered(uid)).length;
    found.push(defending(deps, entry, defender, facts, NO_UID - nobodies));
  }
  return found;
}

/** The claim of the model is on record where it is still its owner's. */
function defending(
  { state, view }: Deps,
  { competition: { id } }: Entry,
  defender: Defender,
  facts: Contender['model']['facts'],
  uidOfNobody: number,
): Contender {
  const { hotkey, block, reference } = defender;
  const nobody = { uid: asUid(uidOfNobody), hotkey: asHotkey(hotkey), coldkey: '' };
  const tracked = state.model(hotkey);
  const isClaimed = tracked?.reference && isSameReference(tracked.reference, reference) && tracked.block === block;
  const claim = { hotkey, block, competition: id, commitment: isClaimed ? tracked.commitment : '' };
  return {
    neuron: view.neuronOf(hotkey) ?? nobody,
    defends: defender,
    model: { ...claim, reference, facts, error: null },
  };
}
