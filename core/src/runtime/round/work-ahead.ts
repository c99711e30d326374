type Done<Result> = { result: Result } | { error: unknown };

interface WorkAheadOptions<Result> {
  /** How many items may be under way at a time. */
  capacity: number;
  /** Whether nothing else may begin before this result has been taken. An error holds up the others too. */
  holdsUp: (result: Result) => boolean;
}

/**
 * Works on items in their order, up to `capacity` at a time, and hands out the results in that order. New items begin only
 * while a result is waited for, so that between two results nothing begins.
 */
export class WorkAhead<Item, Result> {
  readonly #running = new Set<Promise<void>>();
  readonly #done = new Map<number, Done<Result>>();
  #begun = 0;
  #capacity: number;

  /**
   * @param work of one item
   * @param comesNext told the item that begins when there is room for one
   */
  constructor(
    private readonly items: readonly Item[],
    private readonly options: WorkAheadOptions<Result>,
    private readonly work: (item: Item) => Promise<Result>,
    private readonly comesNext: (item: Item) => void,
  ) {
    this.#capacity = options.capacity;
  }

  /** Changes how many items may be under way at a time, from the next that begins. */
  limit(capacity: number): void {
    this.#capacity = capacity;
  }

  /** The result of an item; to be called once for each, in order. @throws what its work rejects with */
  async take(index: number): Promise<Result> {
    let done: Done<Result> | undefined;
    for (done = this.#done.get(index); !done; done = this.#done.get(index)) {
      this.#begin();
      await Promise.race(this.#running);
    }
    this.#done.delete(index);
    if ('error' in done) throw done.error;
    return done.result;
  }

  /** Resolves when nothing is under way any more. */
  async idle(): Promise<void> {
    await Promise.all(this.#running);
  }

  #begin(): void {
    const begun = this.#begun;
    while (this.#running.size < this.#capacity && !this.#isHeldUp()) {
      const item = this.items[this.#begun];
      if (item === undefined) return;
      this.#run(this.#begun, item);
      this.#begun += 1;
    }
    const next = this.items[this.#begun];
    if (this.#begun > begun && next !== undefined) this.comesNext(next);
  }

  #isHeldUp(): boolean {
    return [...this.#done.values()].some((done) => 'error' in done || this.options.holdsUp(done.result));
  }

  #run(index: number, item: Item): void {
    const running: Promise<void> = this.work(item).then(
      (result) => {
        this.#end(index, running, { result });
      },
      (error: unknown) => {
        this.#end(index, running, { error });
      },
    );
    this.#running.add(running);
  }

  #end(index: number, running: Promise<void>, done: Done<Result>): void {
    this.#done.set(index, done);
    this.#running.delete(running);
  }
}
