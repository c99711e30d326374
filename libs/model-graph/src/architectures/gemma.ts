import { z } from 'zod';
import type { Library } from '../library.js';
import type { ArchitectureOf } from './architecture.js';
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
import { laterRopeKeys } from './rope-keys.js';
import { laterRopeFields, wholeHeadIssue, wholeHeadRotary } from './rope.js';

const TANH = 'gelu_pytorch_tanh';
/**
 * 4.44 reads `hidden_activation` alone, where null is the tanh form; later versions `hidden_act` alone, where 5 takes `gelu`
 * for the tanh form.
 */
const activationKeys = (
  library: Library,
): Readonly<Record<'hidden_activation' | 'hidden_act', z.ZodType<string | undefined>>> => {
  const name = activationName(TANH);
  if (library === '4.44')
    return { hidden_activation: z.preprocess((given) => given ?? undefined, name), hidden_act: unread };
  const exact = name.transform((given) => (library === '5' && given === 'gelu' ? TANH : given));
  return { hidden_activation: unread, hidden_act: exact };
};

/** Only 5 reads it; true would let tokens see later ones in some ways of attending. */
export const causalFlag = { use_bidirectional_attention: z.literal(false).nullable() };

const keysOf = (library: Library) =>
  z.object({
    vocab_size: optional(size(), 256_000),
    hidden_size: optional(size(), 3072),
    intermediate_size: optional(size(), 24_576),
    num_hidden_layers: optional(layers(), 28),
    num_attention_heads: optional(heads(), 16),
    num_key_value_heads: optional(heads(), 16),
    head_dim: optional(size(4096), 256),
    ...activationKeys(library),
    max_position_embeddings: optional(size(100_000_000), 8192),
    rms_norm_eps: epsilon(1e-6),
    tie_word_embeddings: flag(true, library),
    ...laterRopeFields(library),
    attention_bias: flag(false, library),
  });

const configOf = (library: Library) =>
  z.preprocess(
    demandTypes(library, causalFlag),
    sharedKeys(z.preprocess(laterRopeKeys(library, 'rope_type'), keysOf(library)))
      .refine((given) => library !== '4.44' || given.hidden_size % given.num_attention_heads === 0, EVEN_WIDTH)
      .superRefine((given, context) => {
        complain(context, wholeHeadIssue(given, headDimensionOf(given), library));
      }),
  );

/** Gemma (Mesnard et al. 2024): Llama with scaled embeddings, norm weights around 0 and a GELU gate. */
export const gemma: ArchitectureOf<z.infer<ReturnType<typeof configOf>>> = (library) =>
  decoderFamily({
    className: 'GemmaForCausalLM',
    modelType: 'gemma',
    config: configOf(library),
    generationDefaults: { pad_token_id: 0, bos_token_id: 2, eos_token_id: 1 },
    own: (given) => ({
      activation: given.hidden_act ?? given.hidden_activation ?? TANH,
      biases: { qkv: given.attention_bias, output: given.attention_bias, mlp: false },
      rotary: () => wholeHeadRotary(given, headDimensionOf(given), library),
      normOffset: 1,
      embeddingScale: Math.sqrt(given.hidden_size),
    }),
  });
