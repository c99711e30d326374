import { z } from 'zod';
import type { Architecture } from './architecture.js';
import { buildDecoder, decoderTensors, TIED, type DecoderShape } from './decoder.js';
import { activationName, epsilon, flag, heads, layers, optional, ropeScaling, scalingOf, size, theta } from './fields.js';

const config = z
  .object({
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
  })
  .refine((given) => given.hidden_size % given.num_attention_heads === 0, 'hidden_size must be divisible by num_attention_heads')
  .refine((given) => (given.hidden_size / given.num_attention_heads) % 2 === 0, 'heads must have an even size to be rotated')
  .refine((given) => given.num_attention_heads % (given.num_key_value_heads ?? given.num_attention_heads) === 0, {
    error: 'num_attention_heads must be divisible by num_key_value_heads',
  })
  .refine(({ rope_scaling: scaling, hidden_size: hidden, num_attention_heads: count }) => {
    const half = hidden / count / 2;
    return scaling.rope_type !== 'longrope' || (scaling.long_factor.length === half && scaling.short_factor.length === half);
  }, 'rope_scaling needs one factor for each pair of a head');

type Config = z.infer<typeof config>;

function shapeOf(given: Config): DecoderShape {
  const headDimension = given.hidden_size / given.num_attention_heads;
  return {
    vocabulary: given.vocab_size,
    width: given.hidden_size,
    inner: given.intermediate_size,
    layers: given.num_hidden_layers,
    heads: given.num_attention_heads,
    keyValueHeads: given.num_key_value_heads ?? given.num_attention_heads,
    headDimension,
    epsilon: given.rms_norm_eps,
    activation: given.hidden_act,
    tied: given.tie_word_embeddings,
    rotary: {
      dimension: headDimension,
      theta: given.rope_theta,
      maxPositions: given.max_position_embeddings,
      scaling: scalingOf(given.rope_scaling, given.max_position_embeddings, given.original_max_position_embeddings ?? null),
    },
    biases: { qkv: given.attention_bias, output: given.attention_bias, mlp: given.mlp_bias },
  };
}

/** Llama (Touvron et al. 2023), with the later releases' grouped keys, biases and rotary scaling. */
export const llama: Architecture<Config> = {
  className: 'LlamaForCausalLM',
  modelType: 'llama',
  config,
  prefix: 'model',
  tied: (given) => (given.tie_word_embeddings ? TIED : undefined),
  generationDefaults: { bos_token_id: 1, eos_token_id: 2 },
  tensors: (given) => decoderTensors(shapeOf(given)),
  vocabularySize: (given) => given.vocab_size,
  // Rotary angles go on: the library runs longer sequences too.
  maxPositions: () => undefined,
  width: (given) => given.hidden_size,
  build: (g, given, inputs, run) => buildDecoder(g, shapeOf(given), inputs, run),
};
