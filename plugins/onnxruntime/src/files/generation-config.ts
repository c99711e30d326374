import { z } from 'zod';

/** Ids that no vocabulary has are taken, as the library takes them, and mean nothing. */
const tokenId = z.number().int().min(-0x8000_0000).max(0xffff_ffff);
/** As long as a file of its size can hold. */
const tokenIds = z
  .union([tokenId, z.array(tokenId)])
  .nullish()
  .transform((given) => [given ?? []].flat());
const penalty = z
  .number()
  .positive()
  .max(1e6)
  .nullish()
  .transform((given) => given ?? 1);
const count = z
  .number()
  .int()
  .min(0)
  .max(1_000_000)
  .nullish()
  .transform((given) => given ?? 0);

/** What a process of 14 billion parameters still has the memory for. */
const MOST_BEAMS = 64;

/**
 * What of generation_config.json steers generation. Sampling (do_sample, temperature, top_k, ...) is not followed: the
 * verdict of a shared round can't hang on a random number, so the likeliest token, or the likeliest beam, is taken. Lengths
 * are the check's own: it asks for a fixed number of new tokens, at least and at most.
 */
export const generationConfig = z
  .object({
    eos_token_id: tokenIds,
    num_beams: z
      .number()
      .int()
      .min(1)
      .max(MOST_BEAMS)
      .nullish()
      .transform((given) => given ?? 1),
    /** Log probabilities are normalised again after the rules. */
    renormalize_logits: z
      .boolean()
      .nullish()
      .transform((given) => given ?? false),
    repetition_penalty: penalty,
    encoder_repetition_penalty: penalty,
    no_repeat_ngram_size: count,
    encoder_no_repeat_ngram_size: count,
    /** The library wants sequences for keys, which JSON does not have, and fails. */
    sequence_bias: z.null().optional(),
    remove_invalid_values: z
      .boolean()
      .nullish()
      .transform((given) => given ?? false),
    exponential_decay_length_penalty: z
      .tuple([z.number().int(), z.number().positive().max(1e6)])
      .nullish()
      .transform((given) => (given ? { start: given[0], factor: given[1] } : null)),
    suppress_tokens: tokenIds,
    begin_suppress_tokens: tokenIds,
    bad_words_ids: z
      .array(z.array(tokenId).min(1))
      .nullish()
      .transform((given) => given ?? []),
    /** [place in the text, prompt included, token] */
    forced_decoder_ids: z
      .array(z.tuple([z.number().int(), tokenId.nullable()]))
      .nullish()
      .transform((given) => given ?? []),
    forced_bos_token_id: tokenId.nullish().transform((given) => given ?? null),
    forced_eos_token_id: tokenIds,
  })
  .refine(
    (given) => given.exponential_decay_length_penalty === null || given.eos_token_id.length > 0,
    'exponential_decay_length_penalty needs an eos_token_id',
  )
  // What only beams are steered by is there with them alone: it would make another model of one that is not.
  .transform(({ num_beams: count, renormalize_logits: renormalize, ...rules }) => ({
    ...rules,
    ...(count > 1 ? { beams: { count, renormalize } } : {}),
  }));
export type GenerationConfig = z.infer<typeof generationConfig>;

/** Parameters of generation that config.json may hold as well, with the library's own defaults. */
const LEGACY_DEFAULTS: Readonly<Record<string, unknown>> = {
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

/**
 * Which of the two the library obeys: generation_config.json; config.json where there is no such file, or where the
 * file says that it was derived from config.json and that one sets any parameter of generation itself.
 * @param config config.json over the defaults of its class
 */
export function effectiveGenerationConfig(
  file: Record<string, unknown> | undefined,
  config: Record<string, unknown>,
): Record<string, unknown> {
  if (!file) return config;
  if (file['_from_model_config'] !== true) return file;
  const sets = Object.entries(LEGACY_DEFAULTS).some(
    ([name, byDefault]) => Object.hasOwn(config, name) && config[name] !== byDefault,
  );
  return sets ? config : file;
}
