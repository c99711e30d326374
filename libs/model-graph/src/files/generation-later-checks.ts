import type { Library } from '../library.js';
import { isGreedy, refused, unsupported, usesBeams, type MemberCheck } from './generation-issue.js';
import { MOST_BEAMS, MOST_LENGTH_PENALTY } from './generation-mode-checks.js';
import { TOKENS } from './generation-token-checks.js';
import { equals, isTrue, numberOf } from './python-values.js';

/** Kinds of cache that give the tokens that a whole pass gives, in every class of these versions. Each has one more. */
const CACHES: readonly unknown[] = ['dynamic', 'static', 'hybrid', 'hybrid_chunked', 'sliding_window'];
const OWN_CACHE: Readonly<Record<Library, string | undefined>> = {
  '4.44': undefined,
  '4.57': 'dynamic_full',
  '5': 'paged',
};

const isNumber = (value: unknown): boolean => value === null || numberOf(value) !== undefined;
const onlyNull: MemberCheck = (value) => (value === null ? undefined : refused('must be null'));

/** These versions need code from elsewhere for it, and fail without. */
const goneWay =
  (what: string): MemberCheck =>
  (value) =>
    value === null ? undefined : refused(`asks for ${what}, which the library no longer has`);

const beamGroups: MemberCheck = (value, given) => {
  if (!usesBeams(given)) return undefined;
  if (!isNumber(value)) return refused('must be a number');
  return Number(value) > 1 ? refused('asks for groups of beams, which the library no longer has') : undefined;
};

const returnedSequences: MemberCheck = (value, given) => {
  const count = numberOf(value);
  if (value === null && given.library === '5') return undefined;
  if (count === undefined) return refused('must be a number');
  if (!usesBeams(given)) {
    const isFine = given.library === '5' ? count <= 1 : count === 1;
    if (isFine) return undefined;
    return isGreedy(given) ? refused('must be 1 without beams') : unsupported('several sequences without beams');
  }
  const beams = numberOf(given.values['num_beams']) ?? 1;
  const isWhole = Number.isInteger(count) && !given.floats.has('num_return_sequences');
  return isWhole && count >= 1 && count <= beams ? undefined : refused('must be a whole number from 1 to num_beams');
};

/** `GenerationConfig.validate` of 4.57 and 5, where it differs from that of 4.44. */
export const VALIDATED_LATER: Readonly<Record<string, MemberCheck>> = {
  early_stopping: (value, { library }) => {
    const isKnown = [false, true, 'never'].some((one) => equals(value, one)) || (value === null && library === '5');
    return isKnown ? undefined : refused('must be true, false or "never"');
  },
  num_beam_groups: beamGroups,
  diversity_penalty: () => undefined,
  num_return_sequences: returnedSequences,
  cache_config: () => undefined,
  compile_config: onlyNull,
  assistant_ensemble_weight: onlyNull,
};

/** In config.json these make the library return an object in place of the tokens. */
const noOutputOfConfig: MemberCheck = (value, { isModelConfig }) =>
  isModelConfig && isTrue(value) ? refused('must be false: a result with more than tokens is not read') : undefined;

/** Ways of generating of 4.57 and 5, where they differ from those of 4.44. */
export const MODES_LATER: Readonly<Record<string, MemberCheck>> = {
  num_beams: (value, { floats, library }) => {
    if (equals(value, 1) || (value === null && library === '5')) return undefined;
    const isCount = typeof value === 'number' && Number.isInteger(value) && value >= 1 && !floats.has('num_beams');
    if (!isCount) return refused('must be a whole number above 0');
    return value <= MOST_BEAMS ? undefined : unsupported(`more than ${MOST_BEAMS} beams`);
  },
  length_penalty: (value, given) => {
    if (!usesBeams(given) || (value === null && given.library === '5')) return undefined;
    const power = numberOf(value);
    if (power === undefined) return refused('must be a number');
    return Math.abs(power) <= MOST_LENGTH_PENALTY ? undefined : unsupported('texts that end before their time');
  },
  penalty_alpha: (value, given) => {
    const topK = given.values['top_k'];
    const isRead = !usesBeams(given) && isGreedy(given) && topK !== null && (numberOf(topK ?? 50) ?? 0) > 1;
    if (!isRead) return undefined;
    if (!isNumber(value)) return refused('must be a number');
    return Number(value) > 0 ? refused('asks for contrastive search, which the library no longer has') : undefined;
  },
  // Without a cache the library still passes on the last token alone, unless it is false itself.
  use_cache: (value, { library }) => {
    const isOff = value !== false && !isTrue(value) && !(value === null && library === '5');
    return isOff ? unsupported('a cache that is off by another value than false') : undefined;
  },
  force_words_ids: goneWay('forced words'),
  constraints: goneWay('constraints'),
  dola_layers: goneWay('DoLa'),
  sequence_bias: (value) => (value === null ? undefined : unsupported('a bias of sequences')),
  low_memory: (value, given) => (isTrue(value) && usesBeams(given) ? refused('does not go with beams') : undefined),
  cache_implementation: (value, given) => {
    if (value === null) return undefined;
    const isFollowed = CACHES.includes(value) || value === OWN_CACHE[given.library];
    return isFollowed ? undefined : unsupported(`a cache of this kind in ${given.className}`);
  },
  output_attentions: noOutputOfConfig,
  output_hidden_states: noOutputOfConfig,
  output_scores: noOutputOfConfig,
  output_logits: noOutputOfConfig,
  prefill_chunk_size: (value) =>
    value === null || (typeof value === 'number' && Number.isInteger(value) && value > 0)
      ? undefined
      : refused('must be a whole number above 0'),
  assistant_early_exit: (value) => (value === null ? undefined : unsupported('assisted decoding by its own layers')),
  use_mtp: (value) => (isTrue(value) ? unsupported('assisted decoding by further layers') : undefined),
  dtype: (value) => (value === null || typeof value === 'string' ? undefined : refused('must be a name')),
  is_assistant: (value) => (isTrue(value) ? refused('must be false') : undefined),
  prompt_lookup_num_tokens: (value, given) => {
    if (value === null || usesBeams(given)) return undefined;
    const count = numberOf(value);
    if (count === undefined || !(count > 0) || !Number.isInteger(count))
      return refused('must be a whole number above 0');
    const penalty = given.values['exponential_decay_length_penalty'] ?? null;
    return penalty === null ? undefined : unsupported('assisted decoding with a length penalty that grows');
  },
};

/** Version 5 takes true for no size. */
function wholeNumberIn5(key: string): MemberCheck {
  return (value, given) =>
    typeof value === 'boolean' && given.library === '5'
      ? refused('must be a whole number')
      : TOKENS[key]?.(value, given);
}

/** Members that name tokens, where 4.57 and 5 read them otherwise than 4.44. Forced tokens of a decoder are no longer read. */
export const TOKENS_LATER: Readonly<Record<string, MemberCheck>> = {
  forced_decoder_ids: () => undefined,
  no_repeat_ngram_size: wholeNumberIn5('no_repeat_ngram_size'),
  encoder_no_repeat_ngram_size: wholeNumberIn5('encoder_no_repeat_ngram_size'),
  forced_eos_token_id: (value, given) => {
    const issue = TOKENS['forced_eos_token_id']?.(value, given);
    const isChoice = Array.isArray(value) && value.length > 1 && usesBeams(given);
    return issue ?? (isChoice ? unsupported('one of several last tokens, with beams') : undefined);
  },
};
