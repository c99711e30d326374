interface Hypothesis {
  /** Sum of the processed log probabilities. */
  score: number;
  tokens: number[];
}

/** The best whole texts of one row, at most as many as there are beams. */
export class Hypotheses {
  #kept: Hypothesis[] = [];

  constructor(private readonly most: number) {}

  /** A text takes the place of the worst one where it is better. */
  add(text: Hypothesis): void {
    if (this.#kept.length < this.most) {
      this.#kept.push(text);
      return;
    }
    const worst = this.#kept.reduce((one, other) => (other.score < one.score ? other : one));
    if (text.score > worst.score) this.#kept = [...this.#kept.filter((kept) => kept !== worst), text];
  }

  /** The best first; of equal ones the one that came last. */
  best(count: number): number[][] {
    return [...this.#kept]
      .sort((a, b) => a.score - b.score)
      .slice(-count)
      .reverse()
      .map(({ tokens }) => tokens);
  }
}
