/** Time as the loops see it, so that tests move it by hand. */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970-01-01T00:00:00Z, for events and records. It jumps when it is set. */
  now(): number;
  /**
   * Milliseconds since an arbitrary moment of this process, for durations and deadlines. Nobody can set it. A clock
   * without this member, such as one that a test moves by hand, never jumps.
   */
  monotonic?(): number;
  /** Resolves after `ms` of monotonic time; rejects with ABORTED when the signal fires first. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** The time that durations are measured with: the difference of two readings is never changed by setting the clock. */
export const monotonicMs = (clock: Pick<Clock, 'now' | 'monotonic'>): number => clock.monotonic?.() ?? clock.now();
