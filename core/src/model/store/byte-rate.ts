import { monotonicMs, type Clock } from '../../contracts/clock.js';

/** Holds all transfers together to so many bytes a second. */
export class ByteRate {
  /** Monotonic milliseconds at which everything that was taken will have been paid for. */
  #paidAt = 0;

  constructor(
    private readonly bytesPerSecond: number | undefined,
    private readonly clock: Clock,
  ) {}

  /** Resolves when so many bytes more may be taken. */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    if (this.bytesPerSecond === undefined) return;
    const now = monotonicMs(this.clock);
    this.#paidAt = Math.max(this.#paidAt, now) + (bytes / this.bytesPerSecond) * 1000;
    if (this.#paidAt > now) await this.clock.sleep(this.#paidAt - now, signal);
  }
}
