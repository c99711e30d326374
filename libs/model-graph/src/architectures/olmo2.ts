import { z } from 'zod';
import type { Library } from '../library.js';
import type { ArchitectureOf } from './architecture.js';
import { decoderFamily, grouped, headDimensionOf } from './decoder-family.js';
import { activationName, epsilon, flag, heads, layers, optional, size, theta } from './fields.js';
import { requireCacheable, unreadLayerTypes } from './layer-types.js';
import { ropeKeys } from './rope-keys.js';
import { requireWholeHeads, ropeScaling, wholeHeadRotary, wholeShare, type RawScaling } from './rope.js';

/** 4.x takes no key and no type beside these. */
const olderScaling = z
  .strictObject({ type: z.enum(['linear', 'dynamic']), factor: z.number().gt(1).max(1e6) })
  .nullish()
  .transform((given): RawScaling =>
    given ? { rope_type: given.type, factor: given.factor } : { rope_type: 'default' },
  );

const keysOf = (library: Library) =>
  z.object({
    vocab_size: optional(size(), 50_304),
    hidden_size: optional(size(), 4096),
    intermediate_size: optional(size(), 11_008),
    num_hidden_layers: optional(layers(), 32),
    num_attention_heads: optional(heads(), 32),
    num_key_value_heads: heads().nullish(),
    /** The config class does not name it, but attention reads it. */
    head_dim: size(4096).optional(),
    hidden_act: activationName('silu'),
    max_position_embeddings: optional(size(100_000_000), 2048),
    rms_norm_eps: epsilon(1e-5),
    tie_word_embeddings: flag(false, library),
    rope_theta: theta(10_000),
    rope_scaling: library === '5' ? ropeScaling(library) : olderScaling,
    partial_rotary_factor: wholeShare(library),
    attention_bias: flag(false, library),
    layer_types: unreadLayerTypes(library),
    sliding_window: z.unknown().optional(),
  });

const configOf = (library: Library) =>
  grouped(library === '5' ? z.preprocess(ropeKeys(library), keysOf(library)) : keysOf(library)).transform(
    ({ layer_types, sliding_window, ...given }, context) => {
      requireCacheable({ ...given, layer_types, sliding_window }, library, context);
      const withHead = { ...given, head_dim: headDimensionOf(given) };
      requireWholeHeads(withHead, library, context);
      return withHead;
    },
  );

/** OLMo 2 (Walsh et al. 2024): Llama that norms what comes out of attention and MLP, and all queries and all keys together. */
export const olmo2: ArchitectureOf<z.infer<ReturnType<typeof configOf>>> = (library) =>
  library === '4.44'
    ? undefined
    : decoderFamily({
        className: 'Olmo2ForCausalLM',
        modelType: 'olmo2',
        config: configOf(library),
        dropouts: [],
        generationDefaults: { pad_token_id: 1, eos_token_id: 50_279 },
        own: (given) => ({
          activation: given.hidden_act,
          biases: { qkv: given.attention_bias, output: given.attention_bias, mlp: false },
          norms: 'after',
          queryKeyNorm: 'all',
          rotary: () => wholeHeadRotary(given, given.head_dim, library),
        }),
      });
