import { modelErrors } from '../errors.js';
import type { InspectedModel } from '../inspect.js';
import { GrowingTokens, type GrowingTokensOptions } from './growing-tokens.js';
import { BeamSearch, GreedySearch, type Lanes, type Search } from './search.js';

export interface GenerationOptions {
  /** Starts rows that go on token by token. */
  load: GrowingTokensOptions['load'];
  /** Tokens to generate after each row. */
  count: number;
  /** What the library is told to pad with: the tokenizer's end of text. */
  padTokenId: number;
  /** Longest sequence that the model has seen before; 0 for a fresh one. */
  seenLength: number;
}

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
  const { count, padTokenId } = options;
  const { generation } = model;
  if (generation.takesOneRow === true && rows.length > 1)
    throw modelErrors.GENERATION_UNSUPPORTED({
      file: 'generation_config.json',
      key: 'prompt_lookup_num_tokens',
      what: 'assisted decoding of more than one row',
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
  const { load, seenLength } = options;
  const growing = new GrowingTokens({ model, load, masked, seenLength, positions: promptLength + count });
  try {
    for (let step = 0; step < count && !search.ended(); step += 1) {
      const logits = await growing.advance(lanes.sequences, visible);
      // Before the rules: some of them turn what is no number into one.
      if (logits.some((scores) => scores.some(Number.isNaN)))
        throw modelErrors.NON_FINITE_LOGITS({ position: promptLength + step });
      const { parents, tokens } = search.choose(logits, lanes);
      growing.reorder(parents);
      lanes.sequences = parents.map((parent, lane) => [
        ...(lanes.sequences[parent] ?? []),
        ...tokens.slice(lane, lane + 1),
      ]);
      for (const seen of visible) seen.push(true);
    }
    return search.results(lanes).map((sequence) => sequence.slice(promptLength));
  } finally {
    await growing.release();
  }
}
