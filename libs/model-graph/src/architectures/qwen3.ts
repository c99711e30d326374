import { z } from 'zod';
import type { Library } from '../library.js';
import type { ArchitectureOf } from './architecture.js';
import { decoderFamily, grouped } from './decoder-family.js';
import { activationName, epsilon, flag, heads, layers, optional, size, theta } from './fields.js';
import { layerTypes, windowSize, windowsOf } from './layer-types.js';
import { ropeKeys } from './rope-keys.js';
import { requireWholeHeads, ropeScaling, wholeHeadRotary, wholeShare } from './rope.js';

const keysOf = (library: Library) =>
  z.object({
    vocab_size: optional(size(), 151_936),
    hidden_size: optional(size(), 4096),
    intermediate_size: optional(size(), 22_016),
    num_hidden_layers: optional(layers(), 32),
    num_attention_heads: optional(heads(), 32),
    /** A missing key is 32, an explicit null is one for each head. */
    num_key_value_heads: heads().nullable().default(32),
    head_dim: optional(size(4096), 128),
    hidden_act: activationName('silu'),
    max_position_embeddings: optional(size(100_000_000), 32_768),
    rms_norm_eps: epsilon(1e-6),
    tie_word_embeddings: flag(false, library),
    rope_theta: theta(10_000),
    rope_scaling: ropeScaling(library),
    partial_rotary_factor: wholeShare(library),
    attention_bias: flag(false, library),
    use_sliding_window: flag(false, library),
    sliding_window: windowSize().nullable().default(4096),
    max_window_layers: optional((library === '5' ? z.number().int() : z.number()).min(-1e6).max(1e6), 28),
    layer_types: layerTypes(library),
  });

/** Without `layer_types` every layer from `max_window_layers` on has the window, where it is used. */
const configOf = (library: Library) =>
  grouped(z.preprocess(ropeKeys(library), keysOf(library))).transform(
    (
      { use_sliding_window: isUsed, sliding_window, max_window_layers: first, layer_types: types, ...given },
      context,
    ) => {
      requireWholeHeads(given, library, context);
      const window = isUsed ? sliding_window : null;
      const slides = (layer: number): boolean => window !== null && layer >= first;
      return { ...given, windows: windowsOf({ count: given.num_hidden_layers, types, window, slides }, context) };
    },
  );

/** Qwen3 (Yang et al. 2025): Qwen2 whose heads have a size of their own and are normed before they are rotated. */
export const qwen3: ArchitectureOf<z.infer<ReturnType<typeof configOf>>> = (library) =>
  library === '4.44'
    ? undefined
    : decoderFamily({
        className: 'Qwen3ForCausalLM',
        modelType: 'qwen3',
        config: configOf(library),
        dropouts: [],
        generationDefaults: {},
        own: (given) => ({
          activation: given.hidden_act,
          biases: { qkv: given.attention_bias, output: given.attention_bias, mlp: false },
          queryKeyNorm: 'head',
          rotary: () => wholeHeadRotary(given, given.head_dim, library),
          window: (layer) => given.windows[layer] ?? undefined,
        }),
      });
