import { z } from 'zod';
import type { Library } from '../library.js';
import { keysInWindow, type ArchitectureOf } from './architecture.js';
import { decoderFamily, headDimensionOf, sharedKeys } from './decoder-family.js';
import {
  activationName,
  cap,
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
import { causalFlag } from './gemma.js';
import { layerTypes, windowsOf } from './layer-types.js';
import { laterRopeKeys, oneRope } from './rope-keys.js';
import { laterRopeFields, wholeHeadIssue, wholeHeadRotary } from './rope.js';

/** The defaults of 4.44 are those of no model; later versions have those of the smallest one. */
const DEFAULTS = {
  '4.44': { width: 3072, inner: 24_576, layers: 28, heads: 16, keyValueHeads: 16, scalar: 224 },
  later: { width: 2304, inner: 9216, layers: 26, heads: 8, keyValueHeads: 4, scalar: 256 },
};

const keysOf = (library: Library) => {
  const defaults = library === '4.44' ? DEFAULTS['4.44'] : DEFAULTS.later;
  return z.object({
    vocab_size: optional(size(), 256_000),
    hidden_size: optional(size(), defaults.width),
    intermediate_size: optional(size(), defaults.inner),
    num_hidden_layers: optional(layers(), defaults.layers),
    num_attention_heads: optional(heads(), defaults.heads),
    num_key_value_heads: optional(heads(), defaults.keyValueHeads),
    head_dim: optional(size(4096), 256),
    hidden_activation: activationName('gelu_pytorch_tanh'),
    max_position_embeddings: optional(size(100_000_000), 8192),
    rms_norm_eps: epsilon(1e-6),
    tie_word_embeddings: flag(true, library),
    ...laterRopeFields(library),
    attention_bias: flag(false, library),
    query_pre_attn_scalar: optional(
      (library === '5' ? z.number().int() : z.number()).positive().max(1e9),
      defaults.scalar,
    ),
    sliding_window: optional(size(100_000_000), 4096),
    layer_types: library === '4.44' ? unread : layerTypes(library),
    /** A cap of null is none; a missing one is the default. */
    final_logit_softcapping: cap(30),
    attn_logit_softcapping: cap(50),
  });
};

/** Without `layer_types` every other layer, the first one included, looks back over the window only. */
const configOf = (library: Library) =>
  z.preprocess(
    demandTypes(library, { ...causalFlag, ...oneRope }),
    sharedKeys(z.preprocess(laterRopeKeys(library, 'rope_type'), keysOf(library)))
      .refine((given) => library === '4.57' || given.hidden_size % given.num_attention_heads === 0, EVEN_WIDTH)
      .transform(({ layer_types: types, sliding_window: window, ...given }, context) => {
        complain(context, wholeHeadIssue(given, headDimensionOf(given), library));
        const slides = (layer: number): boolean => layer % 2 === 0;
        return { ...given, windows: windowsOf({ count: given.num_hidden_layers, types, window, slides }, context) };
      }),
  );

/** Gemma 2 (Riviere et al. 2024): Gemma with norms on both sides of each part, capped scores and windows in every other layer. */
export const gemma2: ArchitectureOf<z.infer<ReturnType<typeof configOf>>> = (library) =>
  decoderFamily({
    className: 'Gemma2ForCausalLM',
    modelType: 'gemma2',
    config: configOf(library),
    generationDefaults: { pad_token_id: 0, bos_token_id: 2, eos_token_id: 1 },
    own: (given) => ({
      activation: given.hidden_activation,
      biases: { qkv: given.attention_bias, output: given.attention_bias, mlp: false },
      rotary: () => wholeHeadRotary(given, headDimensionOf(given), library),
      norms: 'both',
      normOffset: 1,
      embeddingScale: Math.sqrt(given.hidden_size),
      scale: 1 / Math.sqrt(given.query_pre_attn_scalar),
      window: (layer, rule) => {
        const window = given.windows[layer] ?? null;
        return window === null ? undefined : keysInWindow(window, rule, library);
      },
      ...(given.attn_logit_softcapping === null ? {} : { softcap: given.attn_logit_softcapping }),
      ...(given.final_logit_softcapping === null ? {} : { finalSoftcap: given.final_logit_softcapping }),
    }),
  });
