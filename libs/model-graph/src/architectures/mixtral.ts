import { z } from 'zod';
import type { Library } from '../library.js';
import { keysInWindow, type ArchitectureOf, type AttentionRule } from './architecture.js';
import { requireExperts } from './decoder-experts.js';
import { decoderFamily, grouped, headDimensionOf } from './decoder-family.js';
import { activationName, epsilon, flag, heads, layers, optional, size, theta } from './fields.js';
import { requireCacheable, unreadLayerTypes } from './layer-types.js';
import { ropeKeys } from './rope-keys.js';
import { requireWholeHeads, ropeScaling, wholeHeadRotary, wholeShare, type RawScaling } from './rope.js';

const NAMING = { module: 'block_sparse_moe', gate: 'w1', up: 'w3', down: 'w2' } as const;

/** Any value, without a say: 4.44 does not read the key. */
const unread = <T>(value: T): z.ZodType<T> =>
  z
    .unknown()
    .optional()
    .transform(() => value);

/** null and 0 are the width divided among the heads. */
const headSize = z
  .union([z.literal(0), size(4096)])
  .nullish()
  .transform((given) => (given === 0 ? undefined : given));

const keysOf = (library: Library) =>
  z.object({
    vocab_size: optional(size(), 32_000),
    hidden_size: optional(size(), 4096),
    intermediate_size: optional(size(), 14_336),
    num_hidden_layers: optional(layers(), 32),
    num_attention_heads: optional(heads(), 32),
    /** A missing key is 8, an explicit null is one for each head, which 5 does not take. */
    num_key_value_heads: library === '5' ? optional(heads(), 8) : heads().nullable().default(8),
    head_dim: library === '4.44' ? unread(undefined) : headSize,
    hidden_act: activationName('silu'),
    max_position_embeddings: optional(size(100_000_000), 131_072),
    rms_norm_eps: epsilon(1e-5),
    tie_word_embeddings: flag(false, library),
    rope_theta: theta(1e6),
    rope_scaling: library === '4.44' ? unread<RawScaling>({ rope_type: 'default' }) : ropeScaling(library),
    partial_rotary_factor: library === '4.44' ? unread(undefined) : wholeShare(library),
    sliding_window: size(100_000_000).nullish(),
    layer_types: unreadLayerTypes(library),
    num_local_experts: optional(z.number().int(), 8),
    /** The name in other classes, which 5 takes as well, and which wins there. */
    num_experts: library === '5' ? z.number().int().optional() : unread(undefined),
    num_experts_per_tok: optional(z.number().int(), 2),
  });

/** Types of scaling with which the library fails where `head_dim` is null, as it is by default. */
const ASK_FOR_HEAD_SIZE: readonly string[] = ['dynamic', 'yarn', 'longrope'];

const configOf = (library: Library) =>
  grouped(library === '4.44' ? keysOf(library) : z.preprocess(ropeKeys(library, 'rope_type'), keysOf(library)))
    .refine(
      (given) => library !== '4.44' || given.hidden_size % given.num_attention_heads === 0,
      'hidden_size must be divisible by num_attention_heads',
    )
    .transform(({ layer_types, num_experts: renamed, num_local_experts: named, ...given }, context) => {
      const { num_hidden_layers: count, num_experts_per_tok: chosen } = given;
      const experts = renamed ?? named;
      requireExperts({ layers: count, count: experts, chosen }, context);
      if (!given.head_dim && ASK_FOR_HEAD_SIZE.includes(given.rope_scaling.rope_type))
        context.addIssue({ code: 'custom', path: ['rope_scaling'], message: 'this type needs a head_dim' });
      requireCacheable({ ...given, layer_types }, library, context);
      requireWholeHeads({ ...given, head_dim: headDimensionOf(given) }, library, context);
      return { ...given, experts };
    });

/** 5 calls the mixture `mlp`, and takes its older name. */
const inMixture = (name: string): string => name.replace('.mlp.', `.${NAMING.module}.`);

/** Eager attention of 4.44 ignores the window; since 4.57 eager and flash attention see equally many keys. */
const keysSeen = (window: number, rule: AttentionRule, library: Library): number | undefined => {
  if (library !== '4.44') return window;
  return rule === 'flash' ? keysInWindow(window, rule) : undefined;
};

/** Mixtral (Jiang et al. 2024): Mistral with a mixture of experts in every layer. */
export const mixtral: ArchitectureOf<z.infer<ReturnType<typeof configOf>>> = (library) =>
  decoderFamily({
    className: 'MixtralForCausalLM',
    modelType: 'mixtral',
    config: configOf(library),
    dropouts: library === '4.44' ? ['attention_dropout'] : [],
    ...(library === '5' ? { renamed: inMixture } : {}),
    generationDefaults: { bos_token_id: 1, eos_token_id: 2 },
    own: (given) => ({
      activation: given.hidden_act,
      biases: { qkv: false, output: false, mlp: false },
      rotary: () => wholeHeadRotary(given, headDimensionOf(given), library),
      window: (_layer, rule) =>
        typeof given.sliding_window === 'number' ? keysSeen(given.sliding_window, rule, library) : undefined,
      experts: () => ({
        count: given.experts,
        chosen: given.num_experts_per_tok,
        normalized: true,
        inner: given.intermediate_size,
        naming: NAMING,
        stacked: library === '5',
      }),
    }),
  });
