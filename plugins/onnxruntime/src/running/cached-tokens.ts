import type { SeenLength } from '../architectures/architecture.js';
import type { InspectedModel } from '../inspect.js';
import { NextTokens, type NewTokens } from './next-tokens.js';
import type { SessionOptions } from './session.js';

export interface CachedTokensOptions extends SessionOptions {
  /** Longest sequence, prompt included. */
  positions: number;
  /** Longest sequence that the model has seen before; 0 for a fresh one. */
  seenLength: number;
}

/** Lowest float32: what the library adds where nothing may be seen. */
const MASKED = -3.4028234663852886e38;

/**
 * Sequences that grow token by token. Their keys and values are kept, and computed once more where a longer sequence
 * rotates all of its tokens by other angles (`recomputedBeyond`).
 */
export class CachedTokens {
  #session: NextTokens | undefined;
  /** Tokens of each sequence whose keys and values are kept. */
  #kept = 0;
  /** Tokens that a sequence may have before its keys and values are no longer those of a whole pass. */
  #limit = Infinity;

  constructor(
    private readonly model: InspectedModel,
    private readonly masked: boolean,
    private readonly options: CachedTokensOptions,
  ) {}

  /**
   * Logits after the last token of each sequence: [batch][vocabulary]
   * @param visible [batch][sequence]
   */
  async advance(
    sequences: readonly (readonly number[])[],
    visible: readonly (readonly boolean[])[],
  ): Promise<Float32Array[]> {
    const counted = Math.max(...visible.map((seen) => seen.filter(Boolean).length));
    if (counted > this.#limit) await this.release();
    this.#session ??= await this.#load(sequences.length, counted);
    const length = sequences[0]?.length ?? 0;
    const logits = await this.#session.advance(newTokens(sequences, visible, this.masked, length - this.#kept));
    this.#kept = length;
    return logits;
  }

  /** Each sequence goes on as the one that `parents` names. */
  reorder(parents: readonly number[]): void {
    this.#session?.reorder(parents);
  }

  async release(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    this.#kept = 0;
    await session?.release();
  }

  /** @param first tokens that the first pass counts */
  async #load(batch: number, first: number): Promise<NextTokens> {
    const { model, masked, options } = this;
    const change = model.architecture.recomputedBeyond?.(model.config) ?? Infinity;
    this.#limit = first <= change ? change : Infinity;
    // A cached key keeps the angle of the length at which it was computed.
    const lengthAt: SeenLength = (position, forgetsBelow) =>
      Math.max(first, position + 1, first >= forgetsBelow ? options.seenLength : 0);
    // The fused kernel treats a query that may see nothing in a way of its own, so masks use the plain one.
    const device = masked
      ? { ...options.device, target: { ...options.device.target, attention: 'plain' as const } }
      : options.device;
    return NextTokens.load(model, { batch, positions: options.positions, masked, lengthAt }, { ...options, device });
  }
}

/** The last `count` tokens of each row. */
function newTokens(
  sequences: readonly (readonly number[])[],
  visible: readonly (readonly boolean[])[],
  masked: boolean,
  count: number,
): NewTokens {
  const rows = sequences.map((sequence) => sequence.slice(-count));
  if (!masked) return { rows };
  const length = sequences[0]?.length ?? 0;
  const bias = new Float32Array(rows.length * count * length);
  for (const [row, seen] of visible.entries()) {
    for (let query = 0; query < count; query += 1) {
      for (let key = 0; key <= length - count + query; key += 1) {
        if (seen[key] === false) bias[(row * count + query) * length + key] = MASKED;
      }
    }
  }
  return { rows, mask: { positions: visible.map((seen) => countedPositions(seen).slice(-count)), bias } };
}

/** Positions count visible tokens only; a masked one has position 1, as in the library. */
function countedPositions(seen: readonly boolean[]): number[] {
  let position = -1;
  return seen.map((isVisible) => {
    if (!isVisible) return 1;
    position += 1;
    return position;
  });
}
