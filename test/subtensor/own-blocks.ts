/** Makes blocks with a pause between them while that is set. */
export class OwnBlocks {
  #pause = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly make: () => Promise<unknown>) {}

  /** Milliseconds; 0 makes none. */
  set pause(ms: number) {
    this.#pause = ms;
    if (ms > 0 && !this.#timer) this.#next();
  }

  #next(): void {
    this.#timer = setTimeout(() => void this.#one(), this.#pause);
  }

  async #one(): Promise<void> {
    // A block that the node can't make, as while a test goes back to an earlier one, is left out.
    if (this.#pause > 0) await this.make().catch(() => undefined);
    this.#timer = undefined;
    if (this.#pause > 0) this.#next();
  }
}
