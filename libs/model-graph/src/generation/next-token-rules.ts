import type { GenerationConfig } from '../files/generation-config.js';

/** State of one row while it is continued. */
export interface RowState {
  /** Prompt and everything generated so far. */
  tokens: readonly number[];
  promptLength: number;
  /** Tokens to which `encoder_repetition_penalty` applies: those of the prompt, unless others are given. */
  encoderTokens?: readonly number[];
  /** Tokens that will have been generated in the end. */
  limit: number;
}

const FORBIDDEN = Number.NEGATIVE_INFINITY;
/** Of float32. */
const LARGEST = 3.4028234663852886e38;

/**
 * The library's processors of next-token scores, in its order, for greedy generation. Changes `scores` in place.
 */
export function applyRules(scores: Float32Array, row: RowState, rules: GenerationConfig): void {
  const prompt = row.tokens.slice(0, row.promptLength);
  // What the library calls the encoder's tokens is the prompt where there is no encoder; there the penalty is a reward.
  penaliseRepetition(scores, row.encoderTokens ?? prompt, 1 / rules.encoder_repetition_penalty);
  penaliseRepetition(scores, row.tokens, rules.repetition_penalty);
  forbidRepeatedGrams(scores, row.tokens, row.tokens, rules.no_repeat_ngram_size);
  forbidRepeatedGrams(scores, row.tokens, prompt, rules.encoder_no_repeat_ngram_size);
  forbidBadWords(scores, row.tokens, rules);
  const generated = row.tokens.length - row.promptLength;
  // The check asks for exactly `limit` tokens, no fewer: a text may not end before.
  if (generated < row.limit) forbid(scores, rules.eos_token_id);
  if (rules.forced_bos_token_id !== null && row.tokens.length === 1) force(scores, [rules.forced_bos_token_id]);
  if (generated === row.limit - 1) force(scores, rules.forced_eos_token_id);
  if (rules.remove_invalid_values) removeInvalid(scores);
  if (rules.exponential_decay_length_penalty)
    favourEnd(scores, generated, rules.exponential_decay_length_penalty, rules.eos_token_id);
  forbid(scores, rules.suppress_tokens);
  // The beginning is where the last forced token stands.
  if (generated === (rules.forced_decoder_ids.at(-1)?.[0] ?? 0)) forbid(scores, rules.begin_suppress_tokens);
  const forced = rules.forced_decoder_ids.findLast(([place]) => place === row.tokens.length)?.[1];
  if (typeof forced === 'number') force(scores, [forced]);
}

function forbid(scores: Float32Array, tokens: readonly number[]): void {
  for (const token of tokens) if (token >= 0 && token < scores.length) scores[token] = FORBIDDEN;
}

/** Only these tokens stay possible; -1 is the last of the vocabulary. */
function force(scores: Float32Array, tokens: readonly number[]): void {
  if (tokens.length === 0) return;
  scores.fill(FORBIDDEN);
  for (const token of tokens) {
    const index = token < 0 ? token + scores.length : token;
    if (index >= 0 && index < scores.length) scores[index] = 0;
  }
}

/** Scores of tokens that have occurred are divided, or where negative multiplied, by the penalty (Keskar et al. 2019). */
function penaliseRepetition(scores: Float32Array, tokens: readonly number[], penalty: number): void {
  if (penalty === 1) return;
  for (const token of new Set(tokens)) {
    const score = scores[token];
    if (score !== undefined) scores[token] = score < 0 ? score * penalty : score / penalty;
  }
}

/** Tokens that would complete an n-gram which stands in `earlier`. */
function forbidRepeatedGrams(
  scores: Float32Array,
  tokens: readonly number[],
  earlier: readonly number[],
  size: number,
): void {
  if (size === 0 || tokens.length + 1 < size) return;
  const prefix = tokens.slice(tokens.length - size + 1);
  for (let start = 0; start + size <= earlier.length; start += 1) {
    if (!prefix.every((token, index) => earlier[start + index] === token)) continue;
    const completion = earlier[start + size - 1];
    if (completion !== undefined) forbid(scores, [completion]);
  }
}

/** Numbers that are none become 0, infinite ones the largest of their sign. */
function removeInvalid(scores: Float32Array): void {
  for (const [token, score] of scores.entries()) {
    if (Number.isNaN(score)) scores[token] = 0;
    else if (!Number.isFinite(score)) scores[token] = Math.sign(score) * LARGEST;
  }
}

/** The ends' scores grow by the factor with every token after `start`; where they are forbidden they become NaN, which wins. */
function favourEnd(
  scores: Float32Array,
  generated: number,
  { start, factor }: { start: number; factor: number },
  ends: readonly number[],
): void {
  if (generated <= start) return;
  for (const end of ends) {
    const score = scores[end];
    if (score !== undefined) scores[end] = score + Math.abs(score) * (factor ** (generated - start) - 1);
  }
}

/** The last token of each bad word whose beginning stands at the end; words that are an eos token do not count. */
function forbidBadWords(scores: Float32Array, tokens: readonly number[], rules: GenerationConfig): void {
  for (const word of rules.bad_words_ids) {
    const [only] = word;
    if (word.length === 1 && only !== undefined && rules.eos_token_id.includes(only)) continue;
    const beginning = word.slice(0, -1);
    const end = tokens.slice(tokens.length - beginning.length);
    if (beginning.length > tokens.length || !beginning.every((token, index) => end[index] === token)) continue;
    const last = word.at(-1);
    if (last !== undefined) forbid(scores, [last]);
  }
}

/** Highest score; of equal ones the lowest id. The first NaN counts as the highest, as it does in torch. */
export function argmax(scores: Float32Array): number {
  let best = 0;
  let highest = FORBIDDEN;
  for (const [token, score] of scores.entries()) {
    if (Number.isNaN(score)) return token;
    if (score > highest) [best, highest] = [token, score];
  }
  return best;
}
