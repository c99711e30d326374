import type { JsonObject } from '@assay/core/model/json-object';
import type { Library } from '../library.js';
import { equals, isTrue } from './python-values.js';

type Defaults = Readonly<Record<string, null | number | boolean | string>>;

/** Parameters of generation that config.json may hold as well, with the library's own defaults. */
const LEGACY_DEFAULTS: Defaults = {
  max_length: 20,
  min_length: 0,
  do_sample: false,
  early_stopping: false,
  num_beams: 1,
  num_beam_groups: 1,
  diversity_penalty: 0,
  temperature: 1,
  top_k: 50,
  top_p: 1,
  typical_p: 1,
  repetition_penalty: 1,
  length_penalty: 1,
  no_repeat_ngram_size: 0,
  encoder_no_repeat_ngram_size: 0,
  bad_words_ids: null,
  num_return_sequences: 1,
  output_scores: false,
  return_dict_in_generate: false,
  forced_bos_token_id: null,
  forced_eos_token_id: null,
  remove_invalid_values: false,
  exponential_decay_length_penalty: null,
  suppress_tokens: null,
  begin_suppress_tokens: null,
};

/** The other members that steer generation. */
const DEFAULTS: Defaults = {
  ...LEGACY_DEFAULTS,
  eos_token_id: null,
  bos_token_id: null,
  pad_token_id: null,
  decoder_start_token_id: null,
  max_new_tokens: null,
  max_time: null,
  stop_strings: null,
  penalty_alpha: null,
  min_p: null,
  encoder_repetition_penalty: 1,
  force_words_ids: null,
  renormalize_logits: false,
  constraints: null,
  forced_decoder_ids: null,
  sequence_bias: null,
  token_healing: false,
  guidance_scale: null,
  watermarking_config: null,
  dola_layers: null,
  use_cache: true,
  cache_implementation: null,
  cache_config: null,
  prompt_lookup_num_tokens: null,
};

/** Parts of a config whose members of generation the library takes where the config itself leaves them alone. */
export const NESTED_CONFIGS = ['decoder', 'generator', 'text_config'];

/** What config.json says of generation to 4.57 and 5, which take no parts of it, and null for a default. */
const ofLaterModelConfig = (config: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(config).filter(([key, value]) => value !== null || !Object.hasOwn(DEFAULTS, key)));

/** What config.json says of generation. */
export function ofModelConfig(config: JsonObject, library: Library): JsonObject {
  if (library !== '4.44') return ofLaterModelConfig(config);
  let values = config;
  for (const name of NESTED_CONFIGS) {
    const nested = config[name];
    if (typeof nested !== 'object' || nested === null) continue;
    const taken = Object.entries(nested).filter(([key]) => {
      const byDefault = Object.hasOwn(DEFAULTS, key) ? DEFAULTS[key] : undefined;
      return byDefault !== undefined && (!Object.hasOwn(values, key) || equals(values[key], byDefault));
    });
    values = { ...values, ...Object.fromEntries(taken) };
  }
  return values;
}

/**
 * Which of the two the library obeys: generation_config.json; config.json where there is no such file. In 4.x config.json
 * as well where the file says that it was derived from it and config.json sets any parameter of generation itself.
 * @param config config.json over the defaults of its class
 */
export function effectiveGenerationConfig(
  file: JsonObject | undefined,
  config: JsonObject,
  library: Library,
): JsonObject {
  if (!file) return ofModelConfig(config, library);
  if (library === '5' || !isTrue(file['_from_model_config'])) return file;
  const sets = Object.entries(LEGACY_DEFAULTS).some(
    ([name, byDefault]) => Object.hasOwn(config, name) && !equals(config[name], byDefault),
  );
  return sets ? ofModelConfig(config, library) : file;
}
