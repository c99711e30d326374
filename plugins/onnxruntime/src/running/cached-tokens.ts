import type { SeenLength } from '../architectures/architecture.js';
import type { InspectedModel } from '../inspect.js';
import type { Library } from '../library.js';
import { NextTokens } from './next-tokens.js';
import type { SessionOptions } from './session.js';

export interface CachedTokensOptions extends SessionOptions {
  /** Longest sequence, prompt included. */
  positions: number;
  /** Longest sequence that the model has seen before; 0 for a fresh one. */
  seenLength: number;
}

/** Lowest float32: what the library adds where nothing may be seen. */
const MASKED = -3.4028234663852886e38;

/** Position that each version of the library gives a masked token. */
const MASKED_POSITIONS: Readonly<Record<Library, number>> = { '4.44': 1, '4.57': 1, '5': 0 };

/**
 * Sequences that grow token by token. Their keys and values are kept, and computed once more where a longer sequence
 * rotates all of its tokens by other angles (`recomputedBeyond`).
 */
export class CachedTokens {
  #session: NextTokens | undefined;
  /** Tokens of each prompt. */
  #prompt: number | undefined;
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
    const length = sequences[0]?.length ?? 0;
    this.#prompt ??= length;
    const { library } = this.model;
    const positions = this.masked ? visible.map((seen) => countedPositions(seen, this.#prompt ?? 0, library)) : [];
    const counted = this.masked ? Math.max(...positions.flat()) + 1 : length;
    if (counted > this.#limit) await this.release();
    this.#session ??= await this.#load(sequences.length, counted);
    const count = length - this.#kept;
    const rows = lastOf(sequences, count);
    const mask = { positions: lastOf(positions, count), bias: biasOf(visible, count) };
    const logits = await this.#session.advance(this.masked ? { rows, mask } : { rows });
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

const lastOf = <T>(rows: readonly (readonly T[])[], count: number): T[][] => rows.map((row) => row.slice(-count));

/** What is added to the scores of the last `count` tokens of each row: [batch * count * sequence] */
function biasOf(visible: readonly (readonly boolean[])[], count: number): Float32Array {
  const length = visible[0]?.length ?? 0;
  const bias = new Float32Array(visible.length * count * length);
  for (const [row, seen] of visible.entries()) {
    for (let query = 0; query < count; query += 1) {
      for (let key = 0; key <= length - count + query; key += 1) {
        if (seen[key] === false) bias[(row * count + query) * length + key] = MASKED;
      }
    }
  }
  return bias;
}

/**
 * Positions count visible tokens only. Transformers 5 goes on from the position of the prompt's last token, also where that
 * token is masked.
 */
function countedPositions(seen: readonly boolean[], promptLength: number, library: Library): number[] {
  const maskedPosition = MASKED_POSITIONS[library];
  let position = -1;
  return seen.map((isVisible, place) => {
    if (isVisible) position += 1;
    else if (library === '5' && place === promptLength - 1) position = maskedPosition;
    return isVisible ? position : maskedPosition;
  });
}
