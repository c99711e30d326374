import { z } from 'zod';

const tokenId = z.number().int().min(0).max(0xffff_ffff);
const tokenIds = z.union([tokenId, z.array(tokenId).max(1024)]).nullish().transform((given) => (given == null ? [] : [given].flat()));
const count = z.number().int().min(0).max(1_000_000).nullish().transform((given) => given ?? 0);

/**
 * What of generation_config.json steers greedy generation. Sampling (do_sample, temperature, top_k, ...) and beams are
 * not followed: the verdict of a shared round can't hang on a random number, so the likeliest token is taken.
 */
export const generationConfig = z.object({
  eos_token_id: tokenIds,
  pad_token_id: tokenId.nullish().transform((given) => given ?? null),
  repetition_penalty: z.number().positive().max(1e6).nullish().transform((given) => given ?? 1),
  no_repeat_ngram_size: count,
  min_length: count,
  min_new_tokens: count,
  suppress_tokens: tokenIds,
  begin_suppress_tokens: tokenIds,
  bad_words_ids: z.array(z.array(tokenId).min(1).max(64)).max(4096).nullish().transform((given) => given ?? []),
  forced_bos_token_id: tokenId.nullish().transform((given) => given ?? null),
  forced_eos_token_id: tokenIds,
});
export type GenerationConfig = z.infer<typeof generationConfig>;
