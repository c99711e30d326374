import { z } from 'zod';
import type { Architecture } from './architecture.js';
import { buildDecoder, decoderTensors, TIED, type DecoderShape } from './decoder.js';
import { activationName, epsilon, flag, heads, layers, optional, size, theta } from './fields.js';

/** `hidden_act` is not read: without `hidden_activation` the library falls back to the tanh form. */
const config = z
  .object({
    vocab_size: optional(size(), 256_000),
    hidden_size: optional(size(), 3072),
    intermediate_size: optional(size(), 24_576),
    num_hidden_layers: optional(layers(), 28),
    num_attention_heads: optional(heads(), 16),
    num_key_value_heads: optional(heads(), 16),
    head_dim: optional(size(4096), 256),
    hidden_activation: activationName('gelu_pytorch_tanh'),
    max_position_embeddings: optional(size(100_000_000), 8192),
    rms_norm_eps: epsilon(1e-6),
    tie_word_embeddings: flag(true),
    rope_theta: theta(10_000),
    attention_bias: flag(false),
  })
  .refine((given) => given.hidden_size % given.num_attention_heads === 0, 'hidden_size must be divisible by num_attention_heads')
  .refine((given) => given.head_dim % 2 === 0, 'heads must have an even size to be rotated')
  .refine((given) => given.num_attention_heads % given.num_key_value_heads === 0, {
    error: 'num_attention_heads must be divisible by num_key_value_heads',
  });

type Config = z.infer<typeof config>;

function shapeOf(given: Config): DecoderShape {
  return {
    vocabulary: given.vocab_size,
    width: given.hidden_size,
    inner: given.intermediate_size,
    layers: given.num_hidden_layers,
    heads: given.num_attention_heads,
    keyValueHeads: given.num_key_value_heads,
    headDimension: given.head_dim,
    epsilon: given.rms_norm_eps,
    activation: given.hidden_activation,
    tied: given.tie_word_embeddings,
    rotary: { dimension: given.head_dim, theta: given.rope_theta, maxPositions: given.max_position_embeddings, scaling: { type: 'default' } },
    biases: { qkv: given.attention_bias, output: given.attention_bias, mlp: false },
    normOffset: 1,
    embeddingScale: Math.sqrt(given.hidden_size),
  };
}

/** Gemma (Mesnard et al. 2024): Llama with scaled embeddings, norm weights around 0 and a GELU gate. */
export const gemma: Architecture<Config> = {
  className: 'GemmaForCausalLM',
  modelType: 'gemma',
  config,
  prefix: 'model',
  tied: (given) => (given.tie_word_embeddings ? TIED : undefined),
  generationDefaults: { pad_token_id: 0, bos_token_id: 2, eos_token_id: 1 },
  tensors: (given) => decoderTensors(shapeOf(given)),
  vocabularySize: (given) => given.vocab_size,
  maxPositions: () => undefined,
  width: (given) => given.hidden_size,
  build: (g, given, inputs, run) => buildDecoder(g, shapeOf(given), inputs, run),
};
