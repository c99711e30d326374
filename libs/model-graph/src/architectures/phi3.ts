import { z } from 'zod';
import type { RotaryConfig } from '../blocks/rotary.js';
import type { Library } from '../library.js';
import { keysInWindow, type ArchitectureOf } from './architecture.js';
import { decoderFamily, headDimensionOf, sharedKeys } from './decoder-family.js';
import { activationName, epsilon, flag, heads, layers, optional, size, theta } from './fields.js';
import { requireCacheable, unreadLayerTypes } from './layer-types.js';
import { isObject, ropeKeys } from './rope-keys.js';
import { ropeScaling, scalingIssue, scalingOf, type RawScaling, type RopeConfig } from './rope.js';

/** Names of longrope while it had none. */
const EARLY_NAMES = ['su', 'yarn'] as const;

/** Transformers 5 takes one of the early names, and no other type of scaling. */
const newerKeys = (given: unknown): unknown => {
  const keys = ropeKeys('5')(given);
  const scaling = isObject(keys) ? keys['rope_scaling'] : undefined;
  return isObject(scaling) && scaling['rope_type'] === 'yarn'
    ? { ...Object(keys), rope_scaling: { ...scaling, rope_type: 'longrope' } }
    : keys;
};
const newerScaling = ropeScaling('5').refine(
  ({ rope_type: type }) => type === 'default' || type === 'longrope',
  'rope_type must be default or longrope',
);

/** 4.x takes no key beside these. */
const perPair = z.array(z.number().positive().max(1e6)).max(4096);
const olderScaling = z
  .strictObject({ type: z.enum(['longrope', ...EARLY_NAMES]), short_factor: perPair, long_factor: perPair })
  .nullish()
  .transform((given): RawScaling => (given ? { ...given, rope_type: 'longrope' } : { rope_type: 'default' }));

const keysOf = (library: Library) =>
  z.object({
    vocab_size: optional(size(), 32_064),
    hidden_size: optional(size(), 3072),
    intermediate_size: optional(size(), 8192),
    num_hidden_layers: optional(layers(), 32),
    num_attention_heads: optional(heads(), 32),
    num_key_value_heads: heads().nullish(),
    /** The config class does not name it, but attention reads it since 4.45. */
    head_dim: library === '4.44' ? z.undefined().catch(undefined) : size(4096).optional(),
    hidden_act: activationName('silu'),
    max_position_embeddings: optional(size(100_000_000), 4096),
    original_max_position_embeddings: optional(size(100_000_000), 4096),
    rms_norm_eps: epsilon(1e-5),
    tie_word_embeddings: flag(false, library),
    rope_theta: theta(10_000),
    rope_scaling: library === '5' ? newerScaling : olderScaling,
    /** 4.44 rotates whole heads. */
    partial_rotary_factor:
      library === '4.44'
        ? z
            .unknown()
            .optional()
            .transform(() => 1)
        : optional(z.number().min(0).max(1), 1),
    sliding_window: size(100_000_000).nullish(),
    layer_types: unreadLayerTypes(library),
  });
type Keys = Omit<z.infer<ReturnType<typeof keysOf>>, 'layer_types'>;

/** 4.44 has longrope of its own in this class, as later versions have it in all. */
const rulesOf = (library: Library): Library => (library === '4.44' ? '4.57' : library);

const ropeOf = ({ rope_scaling: raw, original_max_position_embeddings: original, ...given }: Keys): RopeConfig => ({
  ...given,
  rope_scaling: raw.rope_type === 'longrope' ? { ...raw, original_max_position_embeddings: original } : raw,
});

function rotaryOf(given: Keys, library: Library): RotaryConfig {
  const { rope_scaling: raw, max_position_embeddings: maxPositions, rope_theta: base } = ropeOf(given);
  return {
    dimension: Math.trunc(headDimensionOf(given) * given.partial_rotary_factor),
    theta: base,
    maxPositions,
    scaling: scalingOf(raw, maxPositions, rulesOf(library)),
  };
}

/** Why the library can't rotate the heads; undefined where it can. */
function rotaryIssue(given: Keys, library: Library): string | undefined {
  const head = headDimensionOf(given);
  const { dimension } = rotaryOf(given, library);
  if (Math.ceil(dimension / 2) * 2 > head) return 'partial_rotary_factor must leave pairs that fit in a head';
  const shared = Math.trunc(Math.floor(given.hidden_size / given.num_attention_heads) * given.partial_rotary_factor);
  const { rope_scaling: scaling } = given;
  if (scaling.rope_type === 'longrope' && scaling.long_factor.length !== Math.floor(shared / 2))
    return 'longrope needs one factor for each rotated pair of hidden_size / num_attention_heads';
  return scalingIssue(ropeOf(given), dimension, rulesOf(library));
}

const configOf = (library: Library) =>
  sharedKeys(library === '5' ? z.preprocess(newerKeys, keysOf(library)) : keysOf(library))
    .refine(
      (given) => library !== '4.44' || given.hidden_size % given.num_attention_heads === 0,
      'hidden_size must be divisible by num_attention_heads',
    )
    .transform(({ layer_types, ...given }, context) => {
      requireCacheable({ ...given, layer_types }, library, context);
      const message = rotaryIssue(given, library);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
      return given;
    });

/** Phi-3 (Abdin et al. 2024): Llama with fused projections, and angles that change in long sequences. */
export const phi3: ArchitectureOf<z.infer<ReturnType<typeof configOf>>> = (library) =>
  decoderFamily({
    className: 'Phi3ForCausalLM',
    modelType: 'phi3',
    config: configOf(library),
    dropouts: library === '4.44' ? ['attention_dropout', 'resid_pdrop', 'embd_pdrop'] : ['resid_pdrop'],
    generationDefaults: { bos_token_id: 1, eos_token_id: 32_000, pad_token_id: 32_000 },
    recomputedBeyond: (given) =>
      given.rope_scaling.rope_type === 'longrope' ? given.original_max_position_embeddings : undefined,
    own: (given) => ({
      activation: given.hidden_act,
      biases: { qkv: false, output: false, mlp: false },
      fused: true,
      rotary: () => rotaryOf(given, library),
      // 4.44 leaves it to flash attention.
      window: (_layer, rule) => {
        const { sliding_window: window } = given;
        if (typeof window !== 'number' || library !== '4.44') return window ?? undefined;
        return rule === 'flash' ? keysInWindow(window, rule) : undefined;
      },
    }),
  });
