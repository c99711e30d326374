import { isGreedy, refused, unsupported, usesBeams, type MemberCheck } from './generation-issue.js';
import { equals, isTrue, numberOf } from './python-values.js';

/** What a process of 14 billion parameters still has the memory for. */
export const MOST_BEAMS = 64;
/** Beyond this exponent 20 to its power is no finite float, and scores are no numbers. */
export const MOST_LENGTH_PENALTY = 230;
/** Kinds of cache that the library knows by name, and the classes for which they change nothing. */
const CACHES: Readonly<Record<string, readonly string[]>> = {
  static: ['LlamaForCausalLM', 'MistralForCausalLM', 'GemmaForCausalLM'],
  hybrid: ['Gemma2ForCausalLM'],
  sliding_window: [],
  mamba: [],
  quantized: [],
  offloaded: [],
};
/** Classes that generate with a cache object of the library, and fail without one where beams are sorted. */
const NEEDS_CACHE = [
  'LlamaForCausalLM',
  'MistralForCausalLM',
  'Qwen2ForCausalLM',
  'GemmaForCausalLM',
  'PhiForCausalLM',
];

const among = (...allowed: readonly (null | number | boolean | string)[]): ((value: unknown) => boolean) => {
  return (value) => value === undefined || allowed.some((one) => equals(value, one));
};
const isNumber = (value: unknown): boolean => value === undefined || value === null || numberOf(value) !== undefined;
const onlyNull: MemberCheck = (value) => (value === null ? undefined : refused('must be null'));
const mustBeFalse: MemberCheck = (value) => (isTrue(value) ? refused('must be false') : undefined);

/** Checks of the library's `GenerationConfig.validate`: config.json has to pass them even where another file counts. */
export const VALIDATED: Readonly<Record<string, MemberCheck>> = {
  early_stopping: (value) =>
    among(false, true, 'never')(value) ? undefined : refused('must be true, false or "never"'),
  max_new_tokens: (value) =>
    isNumber(value) && !(Number(value ?? 1) <= 0) ? undefined : refused('must be a number above 0'),
  pad_token_id: (value) => (isNumber(value) ? undefined : refused('must be a number')),
  num_beam_groups: (value, given) => {
    if (!usesBeams(given) || among(1)(value)) return undefined;
    const beams = numberOf(given.values['num_beams']) ?? 1;
    const diversity = numberOf(given.values['diversity_penalty']) ?? 0;
    const isUsable = typeof value === 'number' && value > 1 && beams % value === 0 && diversity > 0;
    return isUsable ? unsupported('groups of beams') : refused('must divide num_beams and have a diversity_penalty');
  },
  diversity_penalty: (value, given) => {
    const groups = numberOf(given.values['num_beam_groups']) ?? 1;
    if (!isNumber(value)) return refused('must be a number');
    return Number(value) > 0 && !(usesBeams(given) && groups > 1) ? refused('needs num_beam_groups') : undefined;
  },
  num_return_sequences: (value, given) => {
    const isWhole = Number.isInteger(numberOf(value)) && !given.floats.has('num_return_sequences');
    if (!usesBeams(given)) {
      if (value === 1 && isWhole) return undefined;
      return isGreedy(given) ? refused('must be 1 without beams') : unsupported('several sequences without beams');
    }
    const beams = numberOf(given.values['num_beams']) ?? 1;
    const count = Number(value);
    return isWhole && count >= 1 && count <= beams ? undefined : refused('must be a whole number from 1 to num_beams');
  },
  cache_config: onlyNull,
  watermarking_config: (value) => (value === null ? undefined : unsupported('watermarks')),
};

/** The ways of generating that this evaluator knows nothing of, and values with which the library fails while it generates. */
export const MODES: Readonly<Record<string, MemberCheck>> = {
  num_beams: (value, { floats }) => {
    if (among(null, 1)(value)) return undefined;
    const isCount = typeof value === 'number' && Number.isInteger(value) && value >= 1 && !floats.has('num_beams');
    return isCount && value <= MOST_BEAMS ? undefined : refused(`must be a whole number from 1 to ${MOST_BEAMS}`);
  },
  length_penalty: (value, given) => {
    if (!usesBeams(given)) return undefined;
    const power = numberOf(value);
    return power !== undefined && Math.abs(power) <= MOST_LENGTH_PENALTY
      ? undefined
      : refused(`must be a number from -${MOST_LENGTH_PENALTY} to ${MOST_LENGTH_PENALTY}`);
  },
  max_time: (value) => {
    if (!isNumber(value)) return refused('must be a number');
    return value !== null && Number(value) <= 0 ? unsupported('a limit of time that ends the text at once') : undefined;
  },
  stop_strings: (value) =>
    value === null ? undefined : refused('needs a tokenizer, which the check does not pass on'),
  top_k: (value, given) =>
    isNumber(value) || usesBeams(given) || !isGreedy(given) ? undefined : refused('must be a number'),
  penalty_alpha: (value, given) => {
    const topK = given.values['top_k'];
    const isRead = !usesBeams(given) && isGreedy(given) && topK !== null && (numberOf(topK ?? 50) ?? 0) > 1;
    if (!isRead || (isNumber(value) && !(Number(value) > 0))) return undefined;
    return isNumber(value) ? unsupported('contrastive search') : refused('must be a number');
  },
  use_cache: (value, { className, modelUsesCache }) =>
    value === null && modelUsesCache && [...NEEDS_CACHE, 'Gemma2ForCausalLM'].includes(className)
      ? refused('must be true or false')
      : undefined,
  force_words_ids: (value, given) => {
    if (value === null) return undefined;
    return usesBeams(given) && Array.isArray(value)
      ? unsupported('forced words')
      : refused('needs beams and lists of ids');
  },
  constraints: onlyNull,
  sequence_bias: (value) =>
    value === null ? undefined : refused('needs sequences for keys, which JSON does not have'),
  token_healing: mustBeFalse,
  return_dict_in_generate: mustBeFalse,
  guidance_scale: (value) => {
    if (among(null, 1)(value)) return undefined;
    return isNumber(value) ? unsupported('guidance') : refused('must be a number');
  },
  dola_layers: (value, given) => {
    if (value === null) return undefined;
    const isUsable = value === 'low' || value === 'high' || Array.isArray(value);
    return isUsable && !usesBeams(given)
      ? unsupported('DoLa')
      : refused('must be "low", "high" or a list, without beams');
  },
  cache_implementation: (value, given) => {
    if (value === null) return undefined;
    if (typeof value === 'object') return refused('must be a name');
    if (typeof value === 'string' && Object.hasOwn(CACHES, value))
      return CACHES[value]?.includes(given.className) === true
        ? undefined
        : unsupported(`a cache of this kind in ${given.className}`);
    return usesBeams(given) && NEEDS_CACHE.includes(given.className) ? refused('does not go with beams') : undefined;
  },
  prompt_lookup_num_tokens: (value, given) => {
    if (value === null) return undefined;
    const count = numberOf(value);
    if (count === undefined || !(count > 0) || !Number.isInteger(count))
      return refused('must be a whole number above 0');
    if (usesBeams(given)) return refused('does not go with beams');
    if ((given.values['eos_token_id'] ?? null) === null) return refused('needs an eos_token_id');
    const penalty = given.values['exponential_decay_length_penalty'] ?? null;
    return penalty === null ? undefined : unsupported('assisted decoding with a length penalty that grows');
  },
};
