import { z } from 'zod';
import type { Standing } from '../contracts/standing-rule.js';
import type { RuntimeDeps } from './context.js';
import type { ScheduledCompetition } from './competitions.js';

type Entry = Pick<ScheduledCompetition, 'competition' | 'rulesAt'>;

/** The standing of a competition: what its newest round has left, or before its first one what its rule begins with. */
export function standingOf(
  { state }: Pick<RuntimeDeps, 'state'>,
  { competition: { id }, rulesAt }: Entry,
  block: number,
): Standing | undefined {
  const stored = state.standing(id);
  if (stored) return stored;
  const { record, rule } = rulesAt(block).standing;
  return rule.first === undefined ? undefined : { by: record, state: z.json().parse(rule.first) };
}

/** Every standing that is stored, and those of competitions in force that begin with one. */
export function standingsAt(deps: Pick<RuntimeDeps, 'state' | 'competitions'>, block: number): Map<number, Standing> {
  const standings = deps.state.standings();
  for (const entry of deps.competitions.inForce(block)) {
    const standing = standingOf(deps, entry, block);
    if (standing) standings.set(entry.competition.id, standing);
  }
  return standings;
}
