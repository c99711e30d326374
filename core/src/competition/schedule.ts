import { defineErrors } from '../errors/define-errors.js';
import type { DatedRules, ScheduledId, ScheduleEntry } from './profile.js';

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
export function competitionAt(schedule: readonly ScheduleEntry[], id: number, block: number): ScheduledId | undefined {
  return competitionsAt(schedule, block).find((competition) => competition.id === id);
}

/** What is wrong with a schedule, in words for whoever wrote it; undefined when nothing is. */
export function scheduleProblem(schedule: readonly ScheduleEntry[]): string | undefined {
  if (schedule.length === 0) return 'the schedule has no entry';
  for (const [index, { fromBlock, competitions }] of schedule.entries()) {
    const previous = schedule[index - 1]?.fromBlock ?? -1;
    if (!Number.isSafeInteger(fromBlock) || fromBlock <= previous)
      return `entries must ascend by fromBlock from 0 on, not ${previous}, ${fromBlock}`;
    const ids = competitions.map(({ id }) => id);
    const twice = ids.find((id, position) => ids.indexOf(id) !== position);
    if (twice !== undefined) return `competition ${twice} stands twice in the entry from block ${fromBlock}`;
    const unusable = competitions.find(({ share }) => !(share >= 0 && share <= 1));
    if (unusable) return `competition ${unusable.id} has the share ${unusable.share} from block ${fromBlock} on`;
    if (!competitions.some(({ share }) => share > 0)) return `no competition has a share from block ${fromBlock} on`;
  }
  return undefined;
}

/** The rules of a profile in force at a block. */
export function rulesAt(rules: readonly DatedRules[], block: number): DatedRules {
  const found = rules.findLast(({ fromBlock }) => fromBlock <= block);
  if (!found) throw scheduleErrors.NO_SCHEDULE({ block });
  return found;
}
