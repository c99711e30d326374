import type { SeenLength } from '../architectures/architecture.js';
import type { InspectedModel } from '../inspect.js';
import { applyRules, argmax } from './next-token-rules.js';
import { NextTokens, type NewTokens } from './next-tokens.js';
import type { SessionOptions } from './session.js';

export interface GenerationOptions extends SessionOptions {
  /** Tokens to generate after each row. */
  count: number;
  /** What the library is told to pad with: the tokenizer's end of text. */
  padTokenId: number;
  /** Longest sequence that the model has seen before; 0 for a fresh one. */
  seenLength: number;
}

/** Lowest float32: what the library adds where nothing may be seen. */
const MASKED = -3.4028234663852886e38;

/**
 * Continues each row greedily, as the library's generate does with `pad_token_id` given and no attention mask: prompt
 * positions that hold the pad token are masked unless it also ends a text for this model; a row that has ended goes on
 * with the pad token.
 * @param rows [batch][prompt]
 * @returns [batch][count]; shorter only when every row has ended
 */
export async function generate(model: InspectedModel, rows: readonly (readonly number[])[], options: GenerationOptions): Promise<number[][]> {
  const { count, padTokenId, seenLength } = options;
  const { generation } = model;
  const promptLength = rows[0]?.length ?? 0;
  const masked = !generation.eos_token_id.includes(padTokenId) && rows.some((row) => row.includes(padTokenId));
  const visible = rows.map((row) => row.map((token) => !masked || token !== padTokenId));
  // A cached key keeps the angle of the length at which it was computed, and what was once seen stays seen unless the
  // sequence is back within the positions that the model was made for.
  const lengthAt: SeenLength = (position, maxPositions) =>
    Math.max(promptLength, position + 1, promptLength >= maxPositions ? seenLength : 0);
  const shape = { batch: rows.length, positions: promptLength + count, masked, lengthAt };
  const session = await NextTokens.load(model, shape, options);
  try {
    const sequences = rows.map((row) => [...row]);
    const ended = rows.map(() => false);
    for (let step = 0; step < count && !ended.every(Boolean); step += 1) {
      const logits = await session.advance(newTokens(sequences, visible, masked, step === 0 ? promptLength : 1));
      for (const [index, sequence] of sequences.entries()) {
        const scores = logits[index] ?? new Float32Array(0);
        applyRules(scores, { tokens: sequence, promptLength, limit: count }, generation);
        const token = ended[index] === true ? padTokenId : argmax(scores);
        sequence.push(token);
        visible[index]?.push(true);
        if (generation.eos_token_id.includes(token)) ended[index] = true;
      }
    }
    return sequences.map((sequence) => sequence.slice(promptLength));
  } finally {
    await session.release();
  }
}

/** The last `count` tokens of each row. */
function newTokens(sequences: readonly (readonly number[])[], visible: readonly (readonly boolean[])[], masked: boolean, count: number): NewTokens {
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
