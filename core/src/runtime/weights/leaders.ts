import type { Standing } from '../../contracts/standing-rule.js';
import type { RuleBook } from '../../rules/rule-book.js';
import { readStanding } from '../../rules/read-standing.js';
import type { RuntimeDeps } from '../context.js';
import { standingsAt } from '../standings.js';
import type { WeightsSet } from '../tables.js';

/** First hotkey of each standing, by competition; empty where no hotkey holds weight. */
export function leadersOf(book: RuleBook, standings: Readonly<Record<string, Standing>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(standings).map(([id, standing]) => [id, readStanding(book, standing, []).incumbents[0] ?? '']),
  );
}

/** Whether a competition in force is led by another hotkey than when the weights on chain were planned. */
export function hasNewLeader(
  deps: Pick<RuntimeDeps, 'state' | 'rules' | 'competitions' | 'view'>,
  { leaders }: Pick<WeightsSet, 'leaders'>,
): boolean {
  if (!leaders) return false;
  const block = deps.view.current.at.number;
  const standings = standingsAt(deps, block);
  return deps.competitions.inForce(block).some(({ competition: { id } }) => {
    const standing = standings.get(id);
    return standing !== undefined && leadersOf(deps.rules, { [id]: standing })[id] !== leaders[id];
  });
}
