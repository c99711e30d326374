// Shapes of the random models of the GPU bench, as config.json has them. Weights are made where they are used.
const LLAMA = {
  model_type: 'llama',
  rms_norm_eps: 1e-5,
  rope_theta: 500_000,
  max_position_embeddings: 8192,
  hidden_act: 'silu',
};
const QWEN3 = { ...LLAMA, model_type: 'qwen3', rms_norm_eps: 1e-6, head_dim: 128 };

export const LARGE = {
  '3.3B': {
    ...LLAMA,
    hidden_size: 3072,
    intermediate_size: 8192,
    num_hidden_layers: 28,
    num_attention_heads: 24,
    num_key_value_heads: 8,
    vocab_size: 128_256,
    tie_word_embeddings: true,
  },
  '8B': {
    ...LLAMA,
    hidden_size: 4096,
    intermediate_size: 14_336,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    num_key_value_heads: 8,
    vocab_size: 128_256,
    tie_word_embeddings: false,
  },
  '14B': {
    ...QWEN3,
    hidden_size: 5120,
    intermediate_size: 17_408,
    num_hidden_layers: 40,
    num_attention_heads: 40,
    num_key_value_heads: 8,
    vocab_size: 151_936,
    tie_word_embeddings: false,
  },
  '3.3B, 262,144 words': {
    ...LLAMA,
    hidden_size: 3072,
    intermediate_size: 8192,
    num_hidden_layers: 24,
    num_attention_heads: 24,
    num_key_value_heads: 8,
    vocab_size: 262_144,
    tie_word_embeddings: true,
  },
  'mixture, 2 of 8': {
    ...LLAMA,
    model_type: 'mixtral',
    hidden_size: 2048,
    intermediate_size: 5632,
    num_hidden_layers: 24,
    num_attention_heads: 16,
    num_key_value_heads: 8,
    vocab_size: 128_256,
    num_local_experts: 8,
    num_experts_per_tok: 2,
    sliding_window: null,
    tie_word_embeddings: false,
  },
};

const GEMMA2 = {
  model_type: 'gemma2',
  rms_norm_eps: 1e-6,
  rope_theta: 10_000,
  max_position_embeddings: 8192,
  hidden_activation: 'gelu_pytorch_tanh',
  attn_logit_softcapping: 50,
  final_logit_softcapping: 30,
  tie_word_embeddings: true,
};

Object.assign(LARGE, {
  'window of 1,024': { ...LARGE['3.3B'], model_type: 'mistral', sliding_window: 1024 },
  'Gemma 2, 2.6B': {
    ...GEMMA2,
    hidden_size: 2304,
    intermediate_size: 9216,
    num_hidden_layers: 26,
    num_attention_heads: 8,
    num_key_value_heads: 4,
    head_dim: 256,
    query_pre_attn_scalar: 256,
    sliding_window: 4096,
    vocab_size: 256_000,
  },
});

const SMALL_SIZES = {
  hidden_size: 256,
  intermediate_size: 512,
  num_hidden_layers: 4,
  num_attention_heads: 8,
  num_key_value_heads: 4,
  vocab_size: 8192,
};

/** The same for a CPU: a few million weights. */
export const SMALL = {
  '3.3B': { ...LLAMA, ...SMALL_SIZES, tie_word_embeddings: true },
  '8B': { ...LLAMA, ...SMALL_SIZES, tie_word_embeddings: false },
  '14B': { ...QWEN3, ...SMALL_SIZES, head_dim: 32, tie_word_embeddings: false },
  '3.3B, 262,144 words': { ...LLAMA, ...SMALL_SIZES, vocab_size: 32_768, tie_word_embeddings: true },
  'mixture, 2 of 8': {
    ...LLAMA,
    ...SMALL_SIZES,
    model_type: 'mixtral',
    num_local_experts: 8,
    num_experts_per_tok: 2,
    sliding_window: null,
    tie_word_embeddings: false,
  },
};

Object.assign(SMALL, {
  'window of 1,024': { ...SMALL['3.3B'], model_type: 'mistral', sliding_window: 64 },
  'Gemma 2, 2.6B': {
    ...GEMMA2,
    ...SMALL_SIZES,
    head_dim: 32,
    query_pre_attn_scalar: 32,
    sliding_window: 64,
  },
});
