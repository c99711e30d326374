import type { SeenLength } from '../architectures/architecture.js';
import type { NextTokensRun } from '../graph/model-graphs.js';
import type { InspectedModel } from '../inspect.js';
import type { Library } from '../library.js';

/** Tokens to go on with; where some are masked, with their positions and what is added to their scores. */
export interface NewTokens {
  /** [batch][new] */
  rows: readonly (readonly number[])[];
  mask?: {
    /** [batch][new] */
    positions: readonly (readonly number[])[];
    /** [batch * new * length] */
    bias: Float32Array;
  };
}

/** Rows that an engine continues token by token. */
export interface TokenRows {
  /** Whether it keeps keys and values, so that it is given each token once; else it is given whole rows. */
  readonly keeps: boolean;
  /** Logits after the new tokens: [batch][vocabulary] */
  advance(tokens: NewTokens): Promise<Float32Array[]>;
  /** Each row goes on as the row `parents` names. */
  reorder(parents: readonly number[]): void;
  release(): Promise<void>;
}

export interface GrowingTokensOptions {
  model: Pick<InspectedModel, 'architecture' | 'config' | 'library'>;
  load: (run: Omit<NextTokensRun, 'cache'>) => Promise<TokenRows>;
  /** Whether tokens of the prompts are masked. */
  masked: boolean;
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
export class GrowingTokens {
  #rows: TokenRows | undefined;
  /** Tokens of each prompt. */
  #prompt: number | undefined;
  /** Tokens of each sequence whose keys and values are kept. */
  #kept = 0;
  /** Tokens that a sequence may have before its keys and values are no longer those of a whole pass. */
  #limit = Infinity;

  constructor(private readonly options: GrowingTokensOptions) {}

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
    const { masked, model } = this.options;
    const positions = masked ? visible.map((seen) => countedPositions(seen, this.#prompt ?? 0, model.library)) : [];
    const counted = masked ? Math.max(...positions.flat()) + 1 : length;
    if (counted > this.#limit) await this.release();
    this.#rows ??= await this.#load(sequences.length, counted);
    const count = this.#rows.keeps ? length - this.#kept : length;
    const rows = lastOf(sequences, count);
    const mask = { positions: lastOf(positions, count), bias: biasOf(visible, count) };
    const logits = await this.#rows.advance(masked ? { rows, mask } : { rows });
    this.#kept = length;
    return logits;
  }

  /** Each sequence goes on as the one that `parents` names. */
  reorder(parents: readonly number[]): void {
    this.#rows?.reorder(parents);
  }

  async release(): Promise<void> {
    const rows = this.#rows;
    this.#rows = undefined;
    this.#kept = 0;
    await rows?.release();
  }

  /** @param first tokens that the first pass counts */
  #load(batch: number, first: number): Promise<TokenRows> {
    const { model, masked, positions, seenLength, load } = this.options;
    const change = model.architecture.recomputedBeyond?.(model.config) ?? Infinity;
    this.#limit = first <= change ? change : Infinity;
    // A cached key keeps the angle of the length at which it was computed.
    const lengthAt: SeenLength = (position, forgetsBelow) =>
      Math.max(first, position + 1, first >= forgetsBelow ? seenLength : 0);
    return load({ batch, positions, masked, lengthAt });
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
