import type { DatasetProvider } from '../contracts/dataset-provider.js';
import type { TaskKindRule } from '../contracts/task-kind.js';
import type { Tokenizer } from '../contracts/tokenizer.js';
import type { Competition } from '../competition/competition.js';
import type { ScheduledId, ScheduleEntry } from '../competition/profile.js';
import type { ChosenRules } from '../rules/chosen.js';
import { competitionAt, competitionsAt } from '../competition/schedule.js';

/** A competition with all that it needs: ready to draw samples and to be judged. */
export interface CompetitionRuntime {
  competition: Competition;
  /** Kinds of task that are installed. */
  kinds: readonly TaskKindRule[];
  /** What it is judged by at a block. */
  readonly rulesAt: (block: number) => ChosenRules;
  tokenizer: Tokenizer;
  /** By task name. */
  datasets: ReadonlyMap<string, DatasetProvider>;
}

/** A competition of the schedule that can be judged here. */
export interface ScheduledCompetition extends CompetitionRuntime {
  /** Of the subnet's weight. */
  share: number;
}

/** Ids of competitions whose commitments this one judges. */
export const judgedIds = (competition: Competition): readonly number[] => competition.judges ?? [competition.id];

/** The competitions that can be judged here. At different blocks an id may be another of them. */
export class Competitions {
  /** Every id that is judged here at some block. */
  readonly ids: readonly number[];

  /** @param built by the place of the schedule that means it */
  constructor(
    private readonly schedule: readonly ScheduleEntry[],
    private readonly built: ReadonlyMap<ScheduledId, CompetitionRuntime>,
  ) {
    this.ids = [...new Set([...built.keys()].map(({ id }) => id))];
  }

  /** Those in force at a block, in the order of the schedule. */
  inForce(block: number): ScheduledCompetition[] {
    return competitionsAt(this.schedule, block).flatMap((scheduled) => {
      const runtime = this.built.get(scheduled);
      return runtime ? [{ ...runtime, share: scheduled.share }] : [];
    });
  }

  at(id: number, block: number): CompetitionRuntime | undefined {
    const scheduled = competitionAt(this.schedule, id, block);
    return scheduled && this.built.get(scheduled);
  }
}
