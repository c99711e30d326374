import { z } from 'zod';
import type { Library } from '../library.js';
import type { ArchitectureOf } from './architecture.js';
import { decoderFamily, grouped } from './decoder-family.js';
import { activationName, cap, epsilon, flag, heads, layers, optional, size, theta } from './fields.js';
import { layerTypes, windowsOf } from './layer-types.js';
import { ropeByLayerType } from './rope-by-layer-type.js';
import { requireWholeHeads, ropeScaling, wholeHeadRotary, wholeShare } from './rope.js';

/** How the layers of one type turn positions into angles. */
const anglesOf = (library: Library, base: number) => ({
  rope_theta: theta(base),
  // In 5 the class computes the frequencies for long sequences once, and fails at the second one.
  rope_scaling: ropeScaling(library).refine(
    ({ rope_type: type }) => library !== '5' || type !== 'longrope',
    'longrope fails in this class of transformers 5',
  ),
  partial_rotary_factor: wholeShare(library),
});

const keysOf = (library: Library) =>
  z.object({
    vocab_size: optional(size(), 262_208),
    hidden_size: optional(size(), 2304),
    intermediate_size: optional(size(), 9216),
    num_hidden_layers: optional(layers(), 26),
    num_attention_heads: optional(heads(), 8),
    num_key_value_heads: optional(heads(), 4),
    head_dim: optional(size(4096), 256),
    hidden_activation: activationName('gelu_pytorch_tanh'),
    max_position_embeddings: optional(size(100_000_000), 131_072),
    rms_norm_eps: epsilon(1e-6),
    tie_word_embeddings: flag(true, library),
    ...anglesOf(library, 1e6),
    sliding_attention: z.object(anglesOf(library, 1e4)),
    attention_bias: flag(false, library),
    query_pre_attn_scalar: optional((library === '5' ? z.number().int() : z.number()).positive().max(1e9), 256),
    sliding_window: optional(size(100_000_000), 4096),
    sliding_window_pattern: optional(z.union([z.literal(true), z.number().min(-1e9).max(1e9)]), 6),
    layer_types: layerTypes(library),
    final_logit_softcapping: cap(null),
    /** 5 takes null here. */
    use_bidirectional_attention: z.preprocess((given) => given ?? false, flag(false, library)),
  });

const configOf = (library: Library) =>
  grouped(z.preprocess(ropeByLayerType(library), keysOf(library)))
    .refine(
      (given) => !given.use_bidirectional_attention,
      'use_bidirectional_attention must be false: tokens would see later ones',
    )
    .refine((given) => given.sliding_window_pattern !== 0, 'sliding_window_pattern must not be 0')
    .refine(
      (given) => library !== '5' || given.hidden_size % given.num_attention_heads === 0,
      'hidden_size must be divisible by num_attention_heads',
    )
    .transform(({ layer_types: types, sliding_window: window, sliding_window_pattern: every, ...given }, context) => {
      for (const angles of [given, given.sliding_attention])
        requireWholeHeads({ ...given, ...angles }, library, context);
      const slides = (layer: number): boolean => (layer + 1) % Number(every) !== 0;
      return { ...given, windows: windowsOf({ count: given.num_hidden_layers, types, window, slides }, context) };
    });

/** Gemma 3 (Kamath et al. 2025): Gemma 2 with normed heads in place of capped scores, and angles by the type of a layer. */
export const gemma3: ArchitectureOf<z.infer<ReturnType<typeof configOf>>> = (library) =>
  library === '4.44'
    ? undefined
    : decoderFamily({
        className: 'Gemma3ForCausalLM',
        modelType: 'gemma3_text',
        config: configOf(library),
        // Files of the bare model are not loaded by 4.57: it takes a part of the multimodal model for it.
        prefix: library === '4.57' ? 'language_model' : 'model',
        dropouts: [],
        generationDefaults: { pad_token_id: 0, bos_token_id: 2, eos_token_id: 1 },
        own: ({ windows, sliding_attention: local, ...given }) => ({
          activation: given.hidden_activation,
          biases: { qkv: given.attention_bias, output: given.attention_bias, mlp: false },
          norms: 'both',
          normOffset: 1,
          queryKeyNorm: 'head',
          embeddingScale: Math.sqrt(given.hidden_size),
          scale: 1 / Math.sqrt(given.query_pre_attn_scalar),
          rotary: (layer) =>
            wholeHeadRotary(windows[layer] === null ? given : { ...given, ...local }, given.head_dim, library),
          window: (layer) => windows[layer] ?? undefined,
          ...(given.final_logit_softcapping === null ? {} : { finalSoftcap: given.final_logit_softcapping }),
        }),
      });
