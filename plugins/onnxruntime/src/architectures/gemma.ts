import { z } from 'zod';
import { decoderFamily, divisible } from './decoder-family.js';
import { activationName, epsilon, flag, heads, layers, optional, size, theta } from './fields.js';

/** `hidden_act` is not read: without `hidden_activation` the library falls back to the tanh form. */
const config = divisible(
  z.object({
    vocab_size: optional(size(), 256_000),
    hidden_size: optional(size(), 3072),
    intermediate_size: optional(size(), 24_576),
    num_hidden_layers: optional(layers(), 28),
    num_attention_heads: optional(heads(), 16),
    num_key_value_heads: optional(heads(), 16),
    head_dim: optional(size(4096), 256),
    hidden_activation: z.preprocess((given) => given ?? undefined, activationName('gelu_pytorch_tanh')),
    max_position_embeddings: optional(size(100_000_000), 8192),
    rms_norm_eps: epsilon(1e-6),
    tie_word_embeddings: flag(true),
    rope_theta: theta(10_000),
    attention_bias: flag(false),
  }),
).refine(
  (given) => given.hidden_size % given.num_attention_heads === 0,
  'hidden_size must be divisible by num_attention_heads',
);

/** Gemma (Mesnard et al. 2024): Llama with scaled embeddings, norm weights around 0 and a GELU gate. */
export const gemma = decoderFamily({
  className: 'GemmaForCausalLM',
  modelType: 'gemma',
  config,
  generationDefaults: { pad_token_id: 0, bos_token_id: 2, eos_token_id: 1 },
  own: (given) => ({
    activation: given.hidden_activation,
    biases: { qkv: given.attention_bias, output: given.attention_bias, mlp: false },
    normOffset: 1,
    embeddingScale: Math.sqrt(given.hidden_size),
  }),
});
