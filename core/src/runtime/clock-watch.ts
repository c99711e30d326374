import { z } from 'zod';
import { monotonicMs } from '../contracts/clock.js';
import { RECORD_TYPES } from '../contracts/round-journal.js';
import { report, type RuntimeDeps } from './context.js';
import { runtimeErrors } from './errors.js';
import type { Loop } from './supervise.js';

/** Pause between two comparisons of the clocks. A time service that slews moves a clock by 0.5 ms a second at most. */
const LOOK_MS = 5_000;
/** Difference between wall clock and monotonic clock that is reported. */
const JUMP_MS = 3_000;

const recorded = z.object({ recordedAt: z.iso.datetime() });

/** Reports when the wall clock is set while the validator runs, and when it starts before a time that is on record. */
export class ClockWatch implements Loop {
  readonly name = 'clock-watch';

  constructor(private readonly deps: Pick<RuntimeDeps, 'clock' | 'log' | 'reporter' | 'state'>) {}

  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.deps;
    let before = this.#lead();
    for (;;) {
      await clock.sleep(LOOK_MS, signal);
      const lead = this.#lead();
      if (Math.abs(lead - before) > JUMP_MS) this.#tell(lead - before);
      before = lead;
    }
  }

  /** Compares the wall clock with the newest times in the journal. */
  checkStart(): void {
    const { clock, state } = this.deps;
    const newest = RECORD_TYPES.map((type) => recorded.safeParse(state.journal.head(type)?.entry).data?.recordedAt);
    const times = [...newest.map((time) => (time === undefined ? 0 : Date.parse(time))), state.weightsSet()?.at ?? 0];
    const ahead = Math.max(...times) - clock.now();
    if (ahead <= JUMP_MS) return;
    const error = runtimeErrors.CLOCK_BEHIND_JOURNAL({ seconds: Math.round(ahead / 1000) });
    report(this.deps, { event: 'warning', error: error.toReport() });
  }

  /** By how much the wall clock is ahead of the monotonic clock; it changes only when the wall clock is set. */
  #lead(): number {
    return this.deps.clock.now() - monotonicMs(this.deps.clock);
  }

  #tell(ms: number): void {
    const error = runtimeErrors.CLOCK_JUMPED({ seconds: Math.round(ms / 1000) });
    this.deps.log('warn', 'the wall clock jumped', { ms: Math.round(ms) });
    report(this.deps, { event: 'warning', error: error.toReport() });
  }
}
