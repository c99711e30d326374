import { monotonicMs, type Clock } from '../../contracts/clock.js';

/**
 * How old folders are. What this process has added is aged by the monotonic clock, anything else by the time of its
 * files. Files from the future were written by a clock that was wrong: their age counts from the first look at them.
 */
export class FolderAges {
  /** Monotonic milliseconds from which the age of a folder counts, where the time of its files does not tell. */
  readonly #since = new Map<string, number>();

  /** @param clock without one the times of files alone count */
  constructor(private readonly clock: Pick<Clock, 'now' | 'monotonic'> | undefined) {}

  /** Notes that the folder was added or asked for now. */
  renew(folder: string): void {
    if (this.clock) this.#since.set(folder, monotonicMs(this.clock));
  }

  forget(folder: string): void {
    this.#since.delete(folder);
  }

  /** @returns milliseconds; `now` and `mtimeMs` are milliseconds since 1970 */
  ageMs(folder: string, mtimeMs: number, now: number): number {
    const since = this.#since.get(folder);
    if (this.clock && since !== undefined) return monotonicMs(this.clock) - since;
    if (!this.clock || mtimeMs <= now) return now - mtimeMs;
    this.renew(folder);
    return 0;
  }
}
