import { z } from 'zod';
import { decoderFamily, divisible } from './decoder-family.js';
import { activationName, epsilon, flag, heads, layers, optional, ropeScaling, scalingOf, size, theta } from './fields.js';

const config = divisible(
  z.object({
    vocab_size: optional(size(), 32_000),
    hidden_size: optional(size(), 4096),
    intermediate_size: optional(size(), 11_008),
    num_hidden_layers: optional(layers(), 32),
    num_attention_heads: optional(heads(), 32),
    num_key_value_heads: heads().nullish(),
    hidden_act: activationName('silu'),
    max_position_embeddings: optional(size(100_000_000), 2048),
    original_max_position_embeddings: size(100_000_000).nullish(),
    rms_norm_eps: epsilon(1e-6),
    tie_word_embeddings: flag(false),
    rope_theta: theta(10_000),
    rope_scaling: ropeScaling,
    attention_bias: flag(false),
    mlp_bias: flag(false),
    /** Parts in which the matrices were once trained: above 1, the library computes them part by part and leaves biases out. */
    pretraining_tp: optional(z.number().int().max(4096), 1),
    /** The attention has no say in the size of a head, but the angles have. */
    head_dim: size(4096).optional(),
    partial_rotary_factor: z.number().optional(),
  }),
).refine((given) => {
  const own = given.hidden_size / given.num_attention_heads;
  return Math.trunc((given.head_dim ?? own) * (given.partial_rotary_factor ?? 1)) === own;
}, 'head_dim and partial_rotary_factor must rotate heads of hidden_size / num_attention_heads')
.refine((given) => {
  const keyValue = (given.hidden_size / given.num_attention_heads) * (given.num_key_value_heads ?? given.num_attention_heads);
  return [given.hidden_size, keyValue, given.intermediate_size, given.vocab_size].every((dimension) => given.pretraining_tp <= 1 || dimension % given.pretraining_tp === 0);
}, 'pretraining_tp must divide the sizes of all matrices')
.refine((given) => given.rope_scaling.rope_type !== 'dynamic' || given.hidden_size / given.num_attention_heads > 2, {
    error: 'dynamic rope_scaling divides by the size of a head less two',
  })
.refine(({ rope_scaling: scaling, hidden_size: hidden, num_attention_heads: count }) => {
  const half = hidden / count / 2;
  return scaling.rope_type !== 'longrope' || (scaling.long_factor.length === half && scaling.short_factor.length === half);
}, 'rope_scaling needs one factor for each pair of a head');

/** Llama (Touvron et al. 2023), with the later releases' grouped keys, biases and rotary scaling. */
export const llama = decoderFamily({
  className: 'LlamaForCausalLM',
  modelType: 'llama',
  config,
  generationDefaults: { bos_token_id: 1, eos_token_id: 2 },
  own: (given) => ({
    activation: given.hidden_act,
    biases: { qkv: given.attention_bias, output: given.attention_bias, mlp: given.mlp_bias },
    ignoresBiases: given.pretraining_tp > 1,
    scaling: scalingOf(given.rope_scaling, given.max_position_embeddings, given.original_max_position_embeddings ?? null),
  }),
});
