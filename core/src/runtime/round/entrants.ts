import { readState } from '../../judging/rule-state.js';
import type { RuntimeDeps } from '../context.js';
import type { ScheduledCompetition } from '../competitions.js';
import { contendersOf, incumbentsOf, type Contender } from './plan.js';

/** Contenders of the next round: of all with a verified model those that the competition's entrants rule lets play. */
export function entrantsOf(
  deps: Pick<RuntimeDeps, 'state' | 'view' | 'rules'>,
  { competition: { id }, rulesAt }: Pick<ScheduledCompetition, 'competition' | 'rulesAt'>,
  block: number,
): Contender[] {
  const { state } = deps;
  const all = contendersOf(deps, id);
  const { record, rule } = rulesAt(block).entrants;
  const stored = state.entrants(id);
  const own: unknown = stored?.by.rule === record.rule ? readState(rule, stored) : undefined;
  const incumbents = incumbentsOf(deps, id);
  const kept = new Set(state.contenders(id).kept);
  const waiting = all.map(({ neuron: { uid, hotkey }, model }) => ({
    ...{ uid, hotkey, block: model.block, digest: model.facts.evaluationDigest },
    isKept: kept.has(hotkey),
  }));
  const playing = new Set(rule.select(own, waiting, { block, incumbents }));
  return all.filter(({ neuron }) => playing.has(neuron.hotkey));
}
