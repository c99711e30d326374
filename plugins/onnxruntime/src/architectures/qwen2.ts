import { z } from 'zod';
import { keysInWindow } from './architecture.js';
import { decoderFamily, divisible } from './decoder-family.js';
import { activationName, epsilon, flag, heads, layers, optional, size, theta } from './fields.js';

const config = divisible(
  z.object({
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
    use_sliding_window: flag(false),
    sliding_window: size(100_000_000).nullable().default(4096),
    max_window_layers: optional(z.number().int().min(0).max(1_048_576), 28),
  }),
);

/**
 * Qwen2 (Yang et al. 2024): Llama with biases on queries, keys and values. Only flash attention heeds its sliding
 * window.
 */
export const qwen2 = decoderFamily({
  className: 'Qwen2ForCausalLM',
  modelType: 'qwen2',
  config,
  generationDefaults: {},
  own: (given) => ({
    activation: given.hidden_act,
    biases: { qkv: true, output: false, mlp: false },
    window: (layer, rule) =>
      rule === 'flash' && given.use_sliding_window && given.sliding_window !== null && layer >= given.max_window_layers
        ? keysInWindow(given.sliding_window, rule)
        : undefined,
  }),
});
