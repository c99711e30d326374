import type { Competition } from '../competition/competition.js';
import { competitionsAt } from '../competition/schedule.js';
import type { CompetitionRuntime } from './competitions.js';
import type { RuntimeDeps } from './context.js';

export interface ScheduledCompetition extends CompetitionRuntime {
  share: number;
}

/** Competitions in force at a block that can be judged here, in the order of the schedule. */
export function scheduledAt(
  deps: Pick<RuntimeDeps, 'profile' | 'competitions'>,
  block: number,
): ScheduledCompetition[] {
  return competitionsAt(deps.profile.schedule, block).flatMap(({ id, share }) => {
    const runtime = deps.competitions.at(id, block);
    return runtime ? [{ ...runtime, share }] : [];
  });
}

/** Ids of competitions whose commitments this one judges. */
export const judgedIds = (competition: Competition): readonly number[] => competition.judges ?? [competition.id];
