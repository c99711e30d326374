import { untilAborted } from '@assay/core/runtime/until-aborted';

/** Requests that wait for a member, first come, first served. */
export class WaitingLine<Turn> {
  readonly #waiting: { ask: () => Turn | undefined; serve: (turn: Turn) => void }[] = [];

  /** The turn that `ask` gives, now or once `next` has been called often enough. */
  async wait(ask: () => Turn | undefined, signal: AbortSignal): Promise<Turn> {
    const turn = this.#waiting.length === 0 ? ask() : undefined;
    if (turn !== undefined) return turn;
    let served: ((turn: Turn) => void) | undefined;
    const given = new Promise<Turn>((resolve) => {
      served = resolve;
    });
    const entry = {
      ask,
      serve: (one: Turn) => served?.(one),
    };
    this.#waiting.push(entry);
    this.next();
    try {
      return await untilAborted(given, signal);
    } catch (error) {
      const index = this.#waiting.indexOf(entry);
      if (index >= 0) this.#waiting.splice(index, 1);
      throw error;
    }
  }

  /** Serves the requests that can be served, in order. A request that waits for one member does not hold up the others. */
  next(): void {
    for (const entry of [...this.#waiting]) {
      const turn = entry.ask();
      if (turn === undefined) continue;
      this.#waiting.splice(this.#waiting.indexOf(entry), 1);
      entry.serve(turn);
    }
  }
}
