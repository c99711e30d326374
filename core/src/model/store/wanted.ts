/** What this process is about to use, by name, and for how many fetches. */
export class Wanted {
  readonly #counts = new Map<string, number>();

  has(name: string): boolean {
    return this.#counts.has(name);
  }

  /** @returns takes it back */
  add(names: readonly string[]): () => void {
    for (const name of names) this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    return () => {
      for (const name of names) {
        const left = (this.#counts.get(name) ?? 1) - 1;
        if (left > 0) this.#counts.set(name, left);
        else this.#counts.delete(name);
      }
    };
  }
}
