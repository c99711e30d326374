/** Two readings further apart than this mean that the process did not run between them. Milliseconds. */
const LONGEST_GAP = 3000;

/**
 * Milliseconds for which this process has run. The time for which it was stopped, suspended or too busy to read its
 * sockets does not count, since it says nothing about the other side. It has to be read more often than `LONGEST_GAP`.
 */
export class AwakeClock {
  #last: number;
  #slept = 0;

  constructor(private readonly real: () => number = () => performance.now()) {
    this.#last = real();
  }

  now(): number {
    const now = this.real();
    if (now - this.#last > LONGEST_GAP) this.#slept += now - this.#last;
    this.#last = now;
    return now - this.#slept;
  }
}
