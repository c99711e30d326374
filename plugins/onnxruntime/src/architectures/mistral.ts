import { z } from 'zod';
import { keysInWindow } from './architecture.js';
import { decoderFamily, grouped } from './decoder-family.js';
import { activationName, epsilon, flag, heads, layers, optional, size, theta } from './fields.js';

/** Heads need not share the whole width. */
const config = grouped(
  z.object({
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
  }),
);

/** Mistral 7B (Jiang et al. 2023): Llama with a sliding window. */
export const mistral = decoderFamily({
  className: 'MistralForCausalLM',
  modelType: 'mistral',
  config,
  generationDefaults: { bos_token_id: 1, eos_token_id: 2 },
  own: (given) => ({
    activation: given.hidden_act,
    biases: { qkv: false, output: false, mlp: false },
    window: (_layer, rule) => (given.sliding_window === null ? undefined : keysInWindow(given.sliding_window, rule)),
  }),
});
