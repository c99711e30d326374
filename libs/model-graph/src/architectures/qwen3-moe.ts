import { z } from 'zod';
import { equals } from '../files/python-values.js';
import type { Library } from '../library.js';
import type { ArchitectureOf } from './architecture.js';
import { requireExperts } from './decoder-experts.js';
import { decoderFamily, grouped, headDimensionOf } from './decoder-family.js';
import { activationName, epsilon, flag, heads, layers, optional, size, theta } from './fields.js';
import { requireCacheable, unreadLayerTypes, windowSize } from './layer-types.js';
import { ropeKeys } from './rope-keys.js';
import { requireWholeHeads, ropeScaling, wholeHeadRotary, wholeShare } from './rope.js';

const NAMING = { module: 'mlp', gate: 'gate_proj', up: 'up_proj', down: 'down_proj' } as const;

/** Before 5 whatever equals a layer's number counts, `true` for instance; and a step need not be whole. */
const layerNumbers = (library: Library) => z.array(library === '5' ? z.number().int() : z.json()).max(4096);
const step = (library: Library) => (library === '5' ? z.number().int() : z.number()).min(-1e6).max(1e6);

const keysOf = (library: Library) =>
  z.object({
    vocab_size: optional(size(), 151_936),
    hidden_size: optional(size(), 2048),
    intermediate_size: optional(size(), 6144),
    num_hidden_layers: optional(layers(), 24),
    num_attention_heads: optional(heads(), 32),
    num_key_value_heads: optional(heads(), 4),
    head_dim: size(4096).optional(),
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
    layer_types: unreadLayerTypes(library),
    decoder_sparse_step: optional(step(library), 1),
    mlp_only_layers: layerNumbers(library).nullish(),
    /** Before 5 null is intermediate_size. */
    moe_intermediate_size: library === '5' ? optional(size(), 768) : size().nullable().default(768),
    num_experts: optional(z.number().int(), 128),
    /** The name under which 5 writes the number of experts, and which wins there. */
    num_local_experts: library === '5' ? z.number().int().optional() : z.undefined().catch(undefined),
    num_experts_per_tok: optional(z.number().int(), 8),
    norm_topk_prob: flag(false, library),
  });

interface Sparsity {
  layers: number;
  experts: number;
  /** Of which layers have a mixture: the `every`-th ones, unless they are listed. */
  every: number;
  listed: readonly unknown[] | null | undefined;
}

/** Layers with a mixture; the others have an MLP. A step of 0 divides by zero in each layer that is not listed. */
function sparseLayers({ layers: count, experts, every, listed }: Sparsity, context: z.RefinementCtx): number[] {
  if (experts <= 0) return [];
  const unlisted = Array.from({ length: count }, (_none, layer) => layer).filter(
    (layer) => listed?.some((one) => equals(one, layer)) !== true,
  );
  if (every === 0 && unlisted.length > 0)
    context.addIssue({ code: 'custom', path: ['decoder_sparse_step'], message: 'must not be 0' });
  return unlisted.filter((layer) => (layer + 1) % every === 0);
}

const configOf = (library: Library) =>
  grouped(z.preprocess(ropeKeys(library), keysOf(library))).transform((keys, context) => {
    const { decoder_sparse_step: every, mlp_only_layers: listed, num_experts: named, ...others } = keys;
    const { num_local_experts: renamed, layer_types, use_sliding_window: slides, ...given } = others;
    const experts = renamed ?? named;
    const sparse = sparseLayers({ layers: given.num_hidden_layers, experts, every, listed }, context);
    requireExperts({ layers: sparse.length, count: experts, chosen: given.num_experts_per_tok }, context);
    const window = slides ? given.sliding_window : null;
    if (window !== null && window < 1)
      context.addIssue({ code: 'custom', path: ['sliding_window'], message: 'must be at least 1 where it is used' });
    requireCacheable({ ...given, layer_types, sliding_window: window }, library, context);
    requireWholeHeads({ ...given, head_dim: headDimensionOf(given) }, library, context);
    return { ...given, sliding_window: window, experts, sparse };
  });

/** Mixture of experts of Qwen3 (Yang et al. 2025). A window holds in every layer. */
export const qwen3Moe: ArchitectureOf<z.infer<ReturnType<typeof configOf>>> = (library) =>
  library === '4.44'
    ? undefined
    : decoderFamily({
        className: 'Qwen3MoeForCausalLM',
        modelType: 'qwen3_moe',
        config: configOf(library),
        dropouts: [],
        generationDefaults: {},
        own: (given) => ({
          activation: given.hidden_act,
          biases: { qkv: given.attention_bias, output: given.attention_bias, mlp: false },
          queryKeyNorm: 'head',
          rotary: () => wholeHeadRotary(given, headDimensionOf(given), library),
          window: () => given.sliding_window ?? undefined,
          experts: (layer) =>
            given.sparse.includes(layer)
              ? {
                  count: given.experts,
                  chosen: given.num_experts_per_tok,
                  normalized: given.norm_topk_prob,
                  inner: given.moe_intermediate_size ?? given.intermediate_size,
                  naming: NAMING,
                  stacked: library === '5',
                }
              : undefined,
        }),
      });
