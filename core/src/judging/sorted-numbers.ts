/** Numbers in ascending order. NaN is neither kept nor compared: nothing is above it. */
export class SortedNumbers {
  readonly #values: Float64Array;
  #size = 0;

  constructor(capacity: number) {
    this.#values = new Float64Array(capacity);
  }

  add(value: number): void {
    if (Number.isNaN(value)) return;
    const at = this.#firstAbove(value);
    this.#values.copyWithin(at + 1, at, this.#size);
    this.#values[at] = value;
    this.#size += 1;
  }

  countAbove(value: number): number {
    return Number.isNaN(value) ? 0 : this.#size - this.#firstAbove(value);
  }

  #firstAbove(value: number): number {
    let [low, high] = [0, this.#size];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#values[middle] ?? 0) > value) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
