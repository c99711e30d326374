import { z } from 'zod';
import type { Library } from '../library.js';
import { keysInWindow, type ArchitectureOf } from './architecture.js';
import { decoderFamily, headDimensionOf, sharedKeys } from './decoder-family.js';
import { activationName, complain, epsilon, flag, heads, layers, optional, size, unread } from './fields.js';
import { laterRopeKeys } from './rope-keys.js';
import { laterRopeFields, wholeHeadIssue, wholeHeadRotary } from './rope.js';

/** Later versions take a config with `layer_types` for one of another class. */
const noLayerTypes = (library: Library): z.ZodType<undefined> =>
  library === '4.44'
    ? unread
    : z.undefined({ error: `must be absent: transformers ${library} makes a MinistralForCausalLM of it` }).optional();

const keysOf = (library: Library) =>
  z.object({
    vocab_size: optional(size(), 32_000),
    hidden_size: optional(size(), 4096),
    intermediate_size: optional(size(), 14_336),
    num_hidden_layers: optional(layers(), 32),
    num_attention_heads: optional(heads(), 32),
    /** A missing key is 8, an explicit null is one for each head. */
    num_key_value_heads: library === '5' ? heads().default(8) : heads().nullable().default(8),
    /** Heads need not share the whole width. */
    head_dim: size(4096).nullish(),
    hidden_act: activationName('silu'),
    max_position_embeddings: optional(size(100_000_000), 131_072),
    rms_norm_eps: epsilon(1e-6),
    tie_word_embeddings: flag(false, library),
    ...laterRopeFields(library),
    /** A missing key is 4096, an explicit null is none. */
    sliding_window: size(100_000_000).nullable().default(4096),
    layer_types: noLayerTypes(library),
  });

const NEEDS_HEAD_DIM: readonly unknown[] = ['dynamic', 'yarn', 'longrope'];

const configOf = (library: Library) =>
  sharedKeys(z.preprocess(laterRopeKeys(library, 'rope_type'), keysOf(library)))
    .refine(
      ({ head_dim: head, rope_scaling: scaling }) =>
        library !== '4.57' || typeof head === 'number' || !NEEDS_HEAD_DIM.includes(scaling?.rope_type),
      'this rope_scaling needs head_dim in transformers 4.57',
    )
    .superRefine((given, context) => {
      complain(context, wholeHeadIssue(given, headDimensionOf(given), library));
    });

/** Mistral 7B (Jiang et al. 2023): Llama with a sliding window. */
export const mistral: ArchitectureOf<z.infer<ReturnType<typeof configOf>>> = (library) =>
  decoderFamily({
    className: 'MistralForCausalLM',
    modelType: 'mistral',
    config: configOf(library),
    generationDefaults: { bos_token_id: 1, eos_token_id: 2 },
    own: (given) => ({
      activation: given.hidden_act,
      biases: { qkv: false, output: false, mlp: false },
      rotary: () => wholeHeadRotary(given, headDimensionOf(given), library),
      window: (_layer, rule) =>
        given.sliding_window === null ? undefined : keysInWindow(given.sliding_window, rule, library),
    }),
  });
