import { monotonicMs, type Clock } from '../../contracts/clock.js';
import type { FetchProgress } from '../../contracts/model-store.js';

/** Shortest time between two reports of progress. */
const TELL_EVERY_MS = 250;
/** The rate is of about so much time. */
const WINDOW_MS = 10_000;

/** Adds up what comes of the files of one model, and tells it with rate and remaining time. */
export class FetchMeter {
  #done = 0;
  #toldAt = Number.NEGATIVE_INFINITY;
  /** Bytes that were received, not found here, by time; oldest first. */
  readonly #marks: { at: number; received: number }[] = [];
  #received = 0;

  constructor(
    private readonly total: number,
    private readonly clock: Clock,
    private readonly onProgress: (progress: FetchProgress) => void,
  ) {
    this.#mark(monotonicMs(clock));
  }

  /** @param bytes fewer than none where what had come was thrown away */
  received(path: string, bytes: number): void {
    this.#received += bytes;
    this.#add(path, bytes);
  }

  /** Bytes that were here already. */
  found(path: string, bytes: number): void {
    this.#add(path, bytes);
  }

  #add(path: string, bytes: number): void {
    this.#done += bytes;
    const now = monotonicMs(this.clock);
    if (now - this.#toldAt < TELL_EVERY_MS && this.#done < this.total) return;
    this.#toldAt = now;
    this.#mark(now);
    this.onProgress({ path, done: this.#done, total: this.total, ...this.#rate(now) });
  }

  #mark(now: number): void {
    this.#marks.push({ at: now, received: this.#received });
    while (this.#marks.length > 2 && (this.#marks[1]?.at ?? now) <= now - WINDOW_MS) this.#marks.shift();
  }

  #rate(now: number): Pick<FetchProgress, 'bytesPerSecond' | 'remainingMs'> {
    const [oldest] = this.#marks;
    if (!oldest || now - oldest.at < TELL_EVERY_MS) return {};
    const bytesPerSecond = Math.max(0, ((this.#received - oldest.received) / (now - oldest.at)) * 1000);
    if (bytesPerSecond === 0) return { bytesPerSecond: 0 };
    const remainingMs = ((this.total - this.#done) / bytesPerSecond) * 1000;
    return { bytesPerSecond: Math.round(bytesPerSecond), remainingMs: Math.round(remainingMs) };
  }
}
