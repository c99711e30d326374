import type { DatasetProvider } from '../contracts/dataset-provider.js';
import type { TaskKindRule } from '../contracts/task-kind.js';
import type { Tokenizer } from '../contracts/tokenizer.js';
import type { Competition } from '../competition/competition.js';
import type { ScheduledId, ScheduleEntry } from '../competition/profile.js';
import type { ChosenRules } from '../rules/chosen.js';
import { competitionAt } from '../competition/schedule.js';

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

  at(id: number, block: number): CompetitionRuntime | undefined {
    const scheduled = competitionAt(this.schedule, id, block);
    return scheduled && this.built.get(scheduled);
  }
}
