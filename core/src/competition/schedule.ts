import { defineErrors } from '../errors/define-errors.js';
import type { ScheduleEntry } from './profile.js';

export const scheduleErrors = defineErrors({
  NO_SCHEDULE: {
    fault: 'config',
    retry: 'never',
    message: (p: { block: number }) => `No entry of the competition schedule covers block ${p.block}.`,
    hint: () => "Begin the profile's schedule with an entry from block 0.",
  },
});

/** Competitions in force at a block: those of the last entry that begins at or before it. */
export function competitionsAt(schedule: readonly ScheduleEntry[], block: number): ScheduleEntry['competitions'] {
  const entry = schedule.findLast(({ fromBlock }) => fromBlock <= block);
  if (!entry) throw scheduleErrors.NO_SCHEDULE({ block });
  return entry.competitions;
}

/** One competition at a block; undefined when it is not in force there. */
export function competitionAt(
  schedule: readonly ScheduleEntry[],
  id: number,
  block: number,
): { id: number; share: number } | undefined {
  return competitionsAt(schedule, block).find((competition) => competition.id === id);
}
