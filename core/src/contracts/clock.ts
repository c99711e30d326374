/** Time as the loops see it, so that tests move it by hand. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
  /** Resolves after `ms`; rejects with ABORTED when the signal fires first. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}
