import { z } from 'zod';
import { idsIn, numbersIn } from './ids.js';
import { numberOf } from './python-values.js';

export { effectiveGenerationConfig } from './generation-source.js';

const ids = z.unknown().optional().transform(idsIn);
const penalty = z
  .unknown()
  .optional()
  .transform((given) => numberOf(given) ?? 1);
/** A gram longer than any text forbids nothing. */
const gramSize = z
  .unknown()
  .optional()
  .transform((given) => Math.min(Math.max(numberOf(given) || 0, 0), 1_000_000));
/** The library compares these two with true itself. */
const flag = z
  .unknown()
  .optional()
  .transform((given) => given === true);

/**
 * What of a generation config steers generation; `generationIssues` says which values have a meaning. Sampling (do_sample,
 * temperature, top_k, ...) is not followed: the verdict of a shared round can't hang on a random number, so the likeliest
 * token, or the likeliest beam, is taken. Lengths are the check's own: it asks for a fixed number of new tokens.
 */
export const generationConfig = z
  .object({
    eos_token_id: ids,
    num_beams: z
      .unknown()
      .optional()
      .transform((given) => numberOf(given) ?? 1),
    num_return_sequences: z
      .unknown()
      .optional()
      .transform((given) => numberOf(given) ?? 1),
    /** Log probabilities are normalised again after the rules. */
    renormalize_logits: flag,
    repetition_penalty: penalty,
    encoder_repetition_penalty: penalty,
    no_repeat_ngram_size: gramSize,
    encoder_no_repeat_ngram_size: gramSize,
    remove_invalid_values: flag,
    exponential_decay_length_penalty: z
      .unknown()
      .optional()
      .transform((given) => {
        const [start, factor] = Array.isArray(given) ? given.map(numberOf) : [];
        return start === undefined || factor === undefined ? null : { start, factor };
      }),
    suppress_tokens: z
      .unknown()
      .optional()
      .transform((given) => numbersIn(given) ?? []),
    begin_suppress_tokens: z
      .unknown()
      .optional()
      .transform((given) => numbersIn(given) ?? []),
    bad_words_ids: z
      .array(z.array(z.number()))
      .nullish()
      .transform((given) => given ?? []),
    /** [place in the text, prompt included, token] */
    forced_decoder_ids: z
      .array(z.tuple([z.number(), z.number().nullable()]))
      .or(
        z
          .unknown()
          .optional()
          .transform(() => null),
      )
      .transform((given) => given ?? []),
    forced_bos_token_id: z
      .unknown()
      .optional()
      .transform((given) => (typeof given === 'number' ? given : null)),
    forced_eos_token_id: ids,
    /** Assisted decoding finds the same tokens, and takes one row at a time. */
    prompt_lookup_num_tokens: z
      .unknown()
      .optional()
      .transform((given) => (given ?? null) !== null),
  })
  // What only beams are steered by is there with them alone: it would make another model of one that is not.
  .transform(
    ({
      num_beams: count,
      renormalize_logits: renormalize,
      num_return_sequences: returned,
      prompt_lookup_num_tokens: takesOneRow,
      ...rules
    }) => ({
      ...rules,
      ...(takesOneRow ? { takesOneRow } : {}),
      ...(count > 1 ? { beams: { count, renormalize, ...(returned > 1 ? { returned } : {}) } } : {}),
    }),
  );
export type GenerationConfig = z.infer<typeof generationConfig>;
