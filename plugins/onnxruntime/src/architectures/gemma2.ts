import { z } from 'zod';
import { keysInWindow } from './architecture.js';
import { decoderFamily, grouped } from './decoder-family.js';
import { activationName, cap, epsilon, flag, heads, layers, optional, size, theta } from './fields.js';

/** A cap of null is none; a missing one is the default. */
const config = grouped(
  z
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
      query_pre_attn_scalar: optional(z.number().positive().max(1e9), 224),
      sliding_window: optional(size(100_000_000), 4096),
      final_logit_softcapping: cap(30),
      attn_logit_softcapping: cap(50),
    })
    .refine(
      (given) => given.hidden_size % given.num_attention_heads === 0,
      'hidden_size must be divisible by num_attention_heads',
    ),
);

/** Gemma 2 (Riviere et al. 2024): Gemma with norms on both sides of each part, capped scores and windows in every other layer. */
export const gemma2 = decoderFamily({
  className: 'Gemma2ForCausalLM',
  modelType: 'gemma2',
  config,
  generationDefaults: { pad_token_id: 0, bos_token_id: 2, eos_token_id: 1 },
  own: (given) => ({
    activation: given.hidden_activation,
    biases: { qkv: given.attention_bias, output: given.attention_bias, mlp: false },
    norms: 'both',
    normOffset: 1,
    embeddingScale: Math.sqrt(given.hidden_size),
    scale: 1 / Math.sqrt(given.query_pre_attn_scalar),
    /** Every other layer, the first one included, looks back over the window only. */
    window: (layer, rule) => (layer % 2 === 1 ? undefined : keysInWindow(given.sliding_window, rule)),
    ...(given.attn_logit_softcapping === null ? {} : { softcap: given.attn_logit_softcapping }),
    ...(given.final_logit_softcapping === null ? {} : { finalSoftcap: given.final_logit_softcapping }),
  }),
});
