import { z } from 'zod';
import type { Library } from '../library.js';
import type { ArchitectureOf } from './architecture.js';
import { decoderFamily, headDimensionOf, sharedKeys } from './decoder-family.js';
import {
  activationName,
  complain,
  epsilon,
  EVEN_WIDTH,
  flag,
  heads,
  layers,
  optional,
  size,
  theta,
  unread,
} from './fields.js';
import { ropeKeys } from './rope-keys.js';
import { ropeScaling, wholeHeadIssue, wholeHeadRotary, wholeShare } from './rope.js';

/** Parts in which the matrices were once trained: above 1 transformers 4.44 computes them part by part and leaves biases out. */
const parts = (library: Library): z.ZodType<number | null | undefined> => {
  if (library === '4.44') return optional(z.number().int().max(4096), 1);
  return library === '5'
    ? z
        .number()
        .int()
        .nullish()
        .transform((): undefined => undefined)
    : unread;
};

const keysOf = (library: Library) =>
  z.object({
    vocab_size: optional(size(), 32_000),
    hidden_size: optional(size(), 4096),
    intermediate_size: optional(size(), 11_008),
    num_hidden_layers: optional(layers(), 32),
    num_attention_heads: optional(heads(), 32),
    num_key_value_heads: heads().nullish(),
    hidden_act: activationName('silu'),
    max_position_embeddings: optional(size(100_000_000), 2048),
    rms_norm_eps: epsilon(1e-6),
    tie_word_embeddings: flag(false, library),
    rope_theta: theta(10_000),
    rope_scaling: ropeScaling(library),
    attention_bias: flag(false, library),
    mlp_bias: flag(false, library),
    pretraining_tp: parts(library),
    /** In 4.44 the attention has no say in the size of a head, but the angles have. */
    head_dim: library === '4.44' ? size(4096).optional() : size(4096).nullish(),
    partial_rotary_factor: wholeShare(library),
  });
type Keys = z.infer<ReturnType<typeof keysOf>>;

const sharedWidth = ({ hidden_size: width, num_attention_heads: count }: Keys): number => width / count;

const isInParts = (given: Keys): boolean => {
  const count = given.pretraining_tp ?? 1;
  const keyValue = sharedWidth(given) * (given.num_key_value_heads ?? given.num_attention_heads);
  const dimensions = [given.hidden_size, keyValue, given.intermediate_size, given.vocab_size];
  return count <= 1 || dimensions.every((dimension) => dimension % count === 0);
};

const configOf = (library: Library) => {
  const raw = z.preprocess(ropeKeys(library), keysOf(library));
  const headOf = library === '4.44' ? sharedWidth : headDimensionOf;
  return sharedKeys(library === '4.57' ? raw : raw.refine((given) => Number.isInteger(sharedWidth(given)), EVEN_WIDTH))
    .refine(isInParts, 'pretraining_tp must divide the sizes of all matrices')
    .superRefine((given, context) => {
      complain(context, wholeHeadIssue(given, headOf(given), library, headDimensionOf(given)));
    })
    .transform(({ pretraining_tp: count, ...given }) => ({
      ...given,
      ...(library === '4.44' ? { head_dim: undefined, partial_rotary_factor: undefined } : {}),
      ignores_biases: (count ?? 1) > 1 && (given.attention_bias || given.mlp_bias),
    }));
};

/** Llama (Touvron et al. 2023), with the later releases' grouped keys, biases and rotary scaling. */
export const llama: ArchitectureOf<z.infer<ReturnType<typeof configOf>>> = (library) =>
  decoderFamily({
    className: 'LlamaForCausalLM',
    modelType: 'llama',
    config: configOf(library),
    generationDefaults: { bos_token_id: 1, eos_token_id: 2 },
    own: (given) => ({
      activation: given.hidden_act,
      biases: { qkv: given.attention_bias, output: given.attention_bias, mlp: given.mlp_bias },
      ignoresBiases: given.ignores_biases,
      rotary: () => wholeHeadRotary(given, headDimensionOf(given), library),
    }),
  });
