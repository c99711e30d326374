import { z } from 'zod';
import type { Library } from '../library.js';
import { keysInWindow, type ArchitectureOf, type AttentionRule } from './architecture.js';
import { decoderFamily, headDimensionOf, sharedKeys } from './decoder-family.js';
import {
  activationName,
  complain,
  demandTypes,
  epsilon,
  EVEN_WIDTH,
  flag,
  heads,
  layers,
  optional,
  size,
  unread,
} from './fields.js';
import { layerTypes, windowSize, windowsOf } from './layer-types.js';
import { laterRopeKeys, oneRope } from './rope-keys.js';
import { laterRopeFields, wholeHeadIssue, wholeHeadRotary } from './rope.js';

const keysOf = (library: Library) =>
  z.object({
    vocab_size: optional(size(), 151_936),
    hidden_size: optional(size(), 4096),
    intermediate_size: optional(size(), 22_016),
    num_hidden_layers: optional(layers(), 32),
    num_attention_heads: optional(heads(), 32),
    /** A missing key is 32, an explicit null is one for each head. */
    num_key_value_heads: heads().nullable().default(32),
    head_dim: library === '4.44' ? unread : size(4096).optional(),
    hidden_act: activationName('silu'),
    max_position_embeddings: optional(size(100_000_000), 32_768),
    rms_norm_eps: epsilon(1e-6),
    tie_word_embeddings: flag(false, library),
    ...laterRopeFields(library),
    use_sliding_window: flag(false, library),
    sliding_window: (library === '4.44' ? size(100_000_000) : windowSize()).nullable().default(4096),
    max_window_layers: optional(
      z
        .number()
        .int()
        .min(library === '4.44' ? 0 : -1_048_576)
        .max(1_048_576),
      28,
    ),
    layer_types: library === '4.44' ? unread : layerTypes(library),
  });

/** Without `layer_types` every layer from `max_window_layers` on has the window, where it is used. */
const configOf = (library: Library) => {
  const raw = z.preprocess(laterRopeKeys(library), keysOf(library));
  const shared = sharedKeys(
    library === '4.44' ? raw.refine((given) => given.hidden_size % given.num_attention_heads === 0, EVEN_WIDTH) : raw,
  );
  const checked = shared.transform(
    (
      { use_sliding_window: isUsed, sliding_window, max_window_layers: first, layer_types: types, ...given },
      context,
    ) => {
      complain(context, wholeHeadIssue(given, headDimensionOf(given), library));
      const window = isUsed ? sliding_window : null;
      const slides = (layer: number): boolean => window !== null && layer >= first;
      return { ...given, windows: windowsOf({ count: given.num_hidden_layers, types, window, slides }, context) };
    },
  );
  return z.preprocess(demandTypes(library, oneRope), checked);
};

/** Qwen2 (Yang et al. 2024): Llama with biases on queries, keys and values. In 4.44 only flash attention uses its window. */
export const qwen2: ArchitectureOf<z.infer<ReturnType<typeof configOf>>> = (library) => {
  const isHeeded = (rule: AttentionRule): boolean => library !== '4.44' || rule === 'flash';
  return decoderFamily({
    className: 'Qwen2ForCausalLM',
    modelType: 'qwen2',
    config: configOf(library),
    generationDefaults: {},
    own: (given) => ({
      activation: given.hidden_act,
      biases: { qkv: true, output: false, mlp: false },
      rotary: () => wholeHeadRotary(given, headDimensionOf(given), library),
      window: (layer, rule) => {
        const window = given.windows[layer] ?? null;
        return window === null || !isHeeded(rule) ? undefined : keysInWindow(window, rule, library);
      },
    }),
  });
};
