import type { SeenLength } from '../architectures/architecture.js';
import { modelErrors } from '../errors.js';
import type { InspectedModel } from '../inspect.js';
import { NextTokens, type NewTokens } from './next-tokens.js';
import { BeamSearch, GreedySearch, type Lanes, type Search } from './search.js';
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
 * Continues each row as the library's generate does with `pad_token_id` given and no attention mask: prompt positions that
 * hold the pad token are masked unless it also ends a text for this model; a row that has ended goes on with the pad token.
 * @param rows [batch][prompt]
 * @returns [batch][count]; shorter only when every row has ended
 * @throws NON_FINITE_LOGITS, GENERATION_UNSUPPORTED
 */
export async function generate(
  model: InspectedModel,
  rows: readonly (readonly number[])[],
  options: GenerationOptions,
): Promise<number[][]> {
  const { count, padTokenId, seenLength } = options;
  const { generation } = model;
  if (generation.takesOneRow === true && rows.length > 1)
    throw modelErrors.GENERATION_UNSUPPORTED({
      file: 'generation_config.json',
      key: 'prompt_lookup_num_tokens',
      what: 'assisted decoding of more than one row',
    });
  // The last token is not fed to the model.
  if (generation.cacheWindow !== undefined && (rows[0]?.length ?? 0) + count - 1 > generation.cacheWindow)
    throw modelErrors.GENERATION_UNSUPPORTED({
      file: 'config.json',
      key: 'sliding_window',
      what: `a cache of ${generation.cacheWindow} tokens in a class that has no window`,
    });
  const search: Search = generation.beams
    ? new BeamSearch(rows.length, generation)
    : new GreedySearch(rows.length, generation, padTokenId);
  const lanes: Lanes = {
    sequences: rows.flatMap((row) => Array.from({ length: search.beams }, () => [...row])),
    promptLength: rows[0]?.length ?? 0,
    count,
  };
  const { promptLength } = lanes;
  const masked = !generation.eos_token_id.includes(padTokenId) && rows.some((row) => row.includes(padTokenId));
  // Whatever is generated can be seen, and the beams of a row share its prompt.
  const visible = lanes.sequences.map((sequence) => sequence.map((token) => !masked || token !== padTokenId));
  // A cached key keeps the angle of the length at which it was computed.
  const lengthAt: SeenLength = (position, forgetsBelow) =>
    Math.max(promptLength, position + 1, promptLength >= forgetsBelow ? seenLength : 0);
  // A query that may see nothing sees everything alike; the fused kernel has its own idea of it.
  const device = masked
    ? { ...options.device, target: { ...options.device.target, attention: 'plain' as const } }
    : options.device;
  const session = await NextTokens.load(
    model,
    { batch: lanes.sequences.length, positions: promptLength + count, masked, lengthAt },
    { ...options, device },
  );
  try {
    for (let step = 0; step < count && !search.ended(); step += 1) {
      const logits = await session.advance(newTokens(lanes.sequences, visible, masked, step === 0 ? promptLength : 1));
      // Before the rules: some of them turn what is no number into one.
      if (logits.some((scores) => scores.some(Number.isNaN)))
        throw modelErrors.NON_FINITE_LOGITS({ position: promptLength + step });
      const { parents, tokens } = search.choose(logits, lanes);
      session.reorder(parents);
      lanes.sequences = parents.map((parent, lane) => [
        ...(lanes.sequences[parent] ?? []),
        ...tokens.slice(lane, lane + 1),
      ]);
      for (const seen of visible) seen.push(true);
    }
    return search.results(lanes).map((sequence) => sequence.slice(promptLength));
  } finally {
    await session.release();
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
