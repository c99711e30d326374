/** Rank of a byte string (one UTF-16 unit a byte), where it is a token. */
type RankOf = (bytes: string) => number | undefined;

/** Ranks stay below 2^17 and positions below 2^31, so that both fit exactly into one double. */
const POSITIONS = 2 ** 31;
const NONE = -1;

/**
 * Byte-pair encoding of one piece: the adjacent pair of the lowest rank is merged, the leftmost of equals first, until no
 * pair is a token. O(n log n), where a scan for each merge would take minutes on a megabyte of one letter.
 * @param piece one UTF-16 unit a byte
 * @param longest bytes of the longest token; nothing longer is looked up
 */
export function bytePairMerge(piece: string, rankOf: RankOf, longest: number): number[] {
  const parts = new Parts(piece, rankOf, longest);
  const queue = new MinHeap();
  for (let start = 0; start + 1 < piece.length; start += 1) enqueue(queue, parts, start);
  for (let lowest = queue.pop(); lowest !== undefined; lowest = queue.pop()) {
    const start = lowest % POSITIONS;
    if (parts.rank[start] !== Math.floor(lowest / POSITIONS)) continue;
    const before = parts.merge(start);
    enqueue(queue, parts, start);
    if (before !== NONE) enqueue(queue, parts, before);
  }
  return parts.ids();
}

function enqueue(queue: MinHeap, parts: Parts, start: number): void {
  const rank = parts.rankPair(start);
  if (rank !== NONE) queue.push(rank * POSITIONS + start);
}

/** The parts of a piece as a linked list over their start positions. */
class Parts {
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  /** Rank of the pair that starts here, as last looked up; NONE where there is none. */
  readonly rank: Int32Array;

  constructor(
    private readonly piece: string,
    private readonly rankOf: RankOf,
    private readonly longest: number,
  ) {
    this.#next = Int32Array.from({ length: piece.length }, (_none, start) => start + 1);
    this.#previous = Int32Array.from({ length: piece.length }, (_none, start) => start - 1);
    this.rank = new Int32Array(piece.length).fill(NONE);
  }

  rankPair(start: number): number {
    const middle = this.#after(start);
    const end = middle < this.piece.length ? this.#after(middle) : NONE;
    const known = end !== NONE && end - start <= this.longest ? this.rankOf(this.piece.slice(start, end)) : undefined;
    return (this.rank[start] = known ?? NONE);
  }

  /** Joins the part at `start` with the next one; returns where the part before it starts. */
  merge(start: number): number {
    const absorbed = this.#after(start);
    const end = this.#after(absorbed);
    this.#next[start] = end;
    this.rank[absorbed] = NONE;
    if (end < this.piece.length) this.#previous[end] = start;
    return this.#previous[start] ?? NONE;
  }

  ids(): number[] {
    const ids: number[] = [];
    for (let start = 0; start < this.piece.length; start = this.#after(start)) {
      const id = this.rankOf(this.piece.slice(start, this.#after(start)));
      if (id === undefined) throw new Error(`no token for byte ${this.piece.charCodeAt(start)}`);
      ids.push(id);
    }
    return ids;
  }

  #after(start: number): number {
    return this.#next[start] ?? this.piece.length;
  }
}

class MinHeap {
  readonly #items: number[] = [];

  push(item: number): void {
    const items = this.#items;
    let child = items.push(item) - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      const above = items[parent] ?? NONE;
      if (above <= item) break;
      items[child] = above;
      child = parent;
    }
    items[child] = item;
  }

  pop(): number | undefined {
    const items = this.#items;
    const lowest = items[0];
    const last = items.pop();
    if (last !== undefined && items.length > 0) this.#sink(last);
    return lowest;
  }

  #sink(item: number): void {
    const items = this.#items;
    let parent = 0;
    for (let child = 1; child < items.length; child = 2 * parent + 1) {
      if ((items[child + 1] ?? Infinity) < (items[child] ?? Infinity)) child += 1;
      const below = items[child] ?? Infinity;
      if (below >= item) break;
      items[parent] = below;
      parent = child;
    }
    items[parent] = item;
  }
}
