import { z } from 'zod';
import type { Architecture } from './architecture.js';
import { buildDecoder, decoderTensors, TIED, type DecoderShape } from './decoder.js';
import { activationName, epsilon, flag, heads, layers, optional, size, theta } from './fields.js';

const config = z
  .object({
    vocab_size: optional(size(), 32_000),
    hidden_size: optional(size(), 4096),
    intermediate_size: optional(size(), 14_336),
    num_hidden_layers: optional(layers(), 32),
    num_attention_heads: optional(heads(), 32),
    /** A missing key is 8, an explicit null is one for each head. */
    num_key_value_heads: heads().nullable().default(8),
    head_dim: size(4096).nullish(),
    hidden_act: activationName('silu'),
    max_position_embeddings: optional(size(100_000_000), 131_072),
    rms_norm_eps: epsilon(1e-6),
    tie_word_embeddings: flag(false),
    rope_theta: theta(10_000),
    /** A missing key is 4096, an explicit null is none. */
    sliding_window: size(100_000_000).nullable().default(4096),
  })
  .refine((given) => typeof given.head_dim === 'number' || given.hidden_size % given.num_attention_heads === 0, {
    error: 'hidden_size must be divisible by num_attention_heads',
  })
  .refine((given) => (given.head_dim ?? given.hidden_size / given.num_attention_heads) % 2 === 0, {
    error: 'heads must have an even size to be rotated',
  })
  .refine((given) => given.num_attention_heads % (given.num_key_value_heads ?? given.num_attention_heads) === 0, {
    error: 'num_attention_heads must be divisible by num_key_value_heads',
  });

type Config = z.infer<typeof config>;

function shapeOf(given: Config): DecoderShape {
  const headDimension = given.head_dim ?? given.hidden_size / given.num_attention_heads;
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
    biases: { qkv: false, output: false, mlp: false },
    ...(given.sliding_window === null ? {} : { window: given.sliding_window }),
  };
}

/** Mistral 7B (Jiang et al. 2023): Llama with a sliding window, of which a query sees itself and window - 1 before it. */
export const mistral: Architecture<Config> = {
  className: 'MistralForCausalLM',
  modelType: 'mistral',
  config,
  prefix: 'model',
  tied: (given) => (given.tie_word_embeddings ? TIED : undefined),
  generationDefaults: { bos_token_id: 1, eos_token_id: 2 },
  tensors: (given) => decoderTensors(shapeOf(given)),
  vocabularySize: (given) => given.vocab_size,
  maxPositions: () => undefined,
  width: (given) => given.hidden_size,
  build: (g, given, inputs, run) => buildDecoder(g, shapeOf(given), inputs, run),
};
