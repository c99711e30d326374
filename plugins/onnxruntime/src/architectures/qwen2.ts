import { z } from 'zod';
import type { Architecture } from './architecture.js';
import { buildDecoder, decoderTensors, TIED, type DecoderShape } from './decoder.js';
import { activationName, epsilon, flag, heads, layers, optional, size, theta } from './fields.js';

const config = z
  .object({
    vocab_size: optional(size(), 151_936),
    hidden_size: optional(size(), 4096),
    intermediate_size: optional(size(), 22_016),
    num_hidden_layers: optional(layers(), 32),
    num_attention_heads: optional(heads(), 32),
    /** A missing key is 32, an explicit null is one for each head. */
    num_key_value_heads: heads().nullable().default(32),
    hidden_act: activationName('silu'),
    max_position_embeddings: optional(size(100_000_000), 32_768),
    rms_norm_eps: epsilon(1e-6),
    tie_word_embeddings: flag(false),
    rope_theta: theta(10_000),
  })
  .refine((given) => given.hidden_size % given.num_attention_heads === 0, 'hidden_size must be divisible by num_attention_heads')
  .refine((given) => (given.hidden_size / given.num_attention_heads) % 2 === 0, 'heads must have an even size to be rotated')
  .refine((given) => given.num_attention_heads % (given.num_key_value_heads ?? given.num_attention_heads) === 0, {
    error: 'num_attention_heads must be divisible by num_key_value_heads',
  });

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
      scaling: { type: 'default' },
    },
    biases: { qkv: true, output: false, mlp: false },
  };
}

/**
 * Qwen2 (Yang et al. 2024): Llama with biases on queries, keys and values. The library's eager attention ignores its
 * sliding window, and so does this.
 */
export const qwen2: Architecture<Config> = {
  className: 'Qwen2ForCausalLM',
  modelType: 'qwen2',
  config,
  prefix: 'model',
  tied: (given) => (given.tie_word_embeddings ? TIED : undefined),
  generationDefaults: {},
  tensors: (given) => decoderTensors(shapeOf(given)),
  vocabularySize: (given) => given.vocab_size,
  maxPositions: () => undefined,
  width: (given) => given.hidden_size,
  build: (g, given, inputs, run) => buildDecoder(g, shapeOf(given), inputs, run),
};
