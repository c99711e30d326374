import { z } from 'zod';
import { decoderFamily, divisible } from './decoder-family.js';
import { activationName, epsilon, flag, heads, layers, optional, size, theta } from './fields.js';
import { ropeKeys } from './rope-keys.js';
import { ropeScaling, scalingOf, wholeHeadIssue, wholeShare } from './rope.js';

const keys = z.object({
  vocab_size: optional(size(), 32_000),
  hidden_size: optional(size(), 4096),
  intermediate_size: optional(size(), 11_008),
  num_hidden_layers: optional(layers(), 32),
  num_attention_heads: optional(heads(), 32),
  num_key_value_heads: heads().nullish(),
  hidden_act: activationName('silu'),
  max_position_embeddings: optional(size(100_000_000), 2048),
  rms_norm_eps: epsilon(1e-6),
  tie_word_embeddings: flag(false),
  rope_theta: theta(10_000),
  rope_scaling: ropeScaling('4.44'),
  attention_bias: flag(false),
  mlp_bias: flag(false),
  /** Parts in which the matrices were once trained: above 1 the library computes them part by part and leaves biases out. */
  pretraining_tp: optional(z.number().int().max(4096), 1),
  /** The attention has no say in the size of a head, but the angles have. */
  head_dim: size(4096).optional(),
  partial_rotary_factor: wholeShare('4.44'),
});
type Keys = z.infer<typeof keys>;

const headOf = ({ hidden_size: width, num_attention_heads: count }: Keys): number => width / count;

const isInParts = (given: Keys): boolean => {
  const keyValue = headOf(given) * (given.num_key_value_heads ?? given.num_attention_heads);
  const dimensions = [given.hidden_size, keyValue, given.intermediate_size, given.vocab_size];
  return given.pretraining_tp <= 1 || dimensions.every((dimension) => dimension % given.pretraining_tp === 0);
};

const config = divisible(z.preprocess(ropeKeys('4.44'), keys))
  .refine(isInParts, 'pretraining_tp must divide the sizes of all matrices')
  .superRefine((given, context) => {
    const message = wholeHeadIssue(given, given.head_dim ?? headOf(given), '4.44');
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  })
  .transform(({ pretraining_tp: parts, ...given }) => ({
    ...given,
    // Checked, and without a say of their own.
    head_dim: undefined,
    partial_rotary_factor: undefined,
    ignores_biases: parts > 1 && (given.attention_bias || given.mlp_bias),
  }));

/** Llama (Touvron et al. 2023), with the later releases' grouped keys, biases and rotary scaling. */
export const llama = decoderFamily({
  className: 'LlamaForCausalLM',
  modelType: 'llama',
  config,
  generationDefaults: { bos_token_id: 1, eos_token_id: 2 },
  own: (given) => ({
    activation: given.hidden_act,
    biases: { qkv: given.attention_bias, output: given.attention_bias, mlp: given.mlp_bias },
    ignoresBiases: given.ignores_biases,
    scaling: scalingOf(given.rope_scaling, given.max_position_embeddings, '4.44'),
  }),
});
