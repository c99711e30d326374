import type { z } from 'zod';
import type { RopeScaling, RotaryConfig } from '../blocks/rotary.js';
import type { Architecture } from './architecture.js';
import { buildDecoder } from './decoder.js';
import { decoderTensors, TIED, type DecoderShape } from './decoder-shape.js';
import { surplusExpert } from './surplus-experts.js';

/** Keys of config.json that Llama and its relatives share. */
export interface DecoderKeys {
  vocab_size: number;
  hidden_size: number;
  intermediate_size: number;
  num_hidden_layers: number;
  num_attention_heads: number;
  /** null or missing: one for each head. */
  num_key_value_heads?: number | null | undefined;
  /** null or missing: the width divided among the heads. */
  head_dim?: number | null | undefined;
  max_position_embeddings: number;
  rms_norm_eps: number;
  tie_word_embeddings: boolean;
  rope_theta: number;
}

/** What the shared keys say. */
type OfKeys =
  'vocabulary' | 'width' | 'inner' | 'layers' | 'heads' | 'keyValueHeads' | 'headDimension' | 'epsilon' | 'tied';

/** Where a member differs from Llama, and how it turns positions into angles: `rotary` where layers differ, else `scaling`. */
type Own = Pick<DecoderShape, 'activation' | 'biases'> &
  Partial<Omit<DecoderShape, OfKeys | 'activation' | 'biases'>> & { scaling?: RopeScaling };

/** What a member of the family has of its own; the optional members where it differs from Llama. */
export interface FamilyMember<Config extends DecoderKeys> extends Partial<
  Pick<Architecture<Config>, 'prefix' | 'dropouts' | 'recomputedBeyond' | 'renamed'>
> {
  className: string;
  modelType: string;
  config: z.ZodType<Config>;
  generationDefaults: Architecture<Config>['generationDefaults'];
  own(config: Config): Own;
}

/** Size of a head. */
export const headDimensionOf = (given: Pick<DecoderKeys, 'head_dim' | 'hidden_size' | 'num_attention_heads'>): number =>
  given.head_dim ?? Math.floor(given.hidden_size / given.num_attention_heads);
const keyValueHeadsOf = (given: DecoderKeys): number => given.num_key_value_heads ?? given.num_attention_heads;

/** What has to divide what where heads share the width among them. */
export function divisible<T extends z.ZodType<DecoderKeys>>(schema: T): T {
  return grouped(
    schema.refine(
      (given) => typeof given.head_dim === 'number' || given.hidden_size % given.num_attention_heads === 0,
      {
        error: 'hidden_size must be divisible by num_attention_heads',
      },
    ),
  );
}

/** Divisibility checks for every member of the family that rotates whole heads. */
export function grouped<T extends z.ZodType<DecoderKeys>>(schema: T): T {
  return sharedKeys(
    schema.refine((given) => headDimensionOf(given) % 2 === 0, { error: 'heads must have an even size to be rotated' }),
  );
}

/** Divisibility checks for every member of the family: each key is shared by as many queries. */
export function sharedKeys<T extends z.ZodType<DecoderKeys>>(schema: T): T {
  return schema.refine((given) => given.num_attention_heads % keyValueHeadsOf(given) === 0, {
    error: 'num_attention_heads must be divisible by num_key_value_heads',
  });
}

/** An architecture of the family, from what is its own. */
export function decoderFamily<Config extends DecoderKeys>(member: FamilyMember<Config>): Architecture<Config> {
  const shapeOf = (given: Config): DecoderShape => {
    const { scaling = { type: 'default' }, ...own } = member.own(given);
    const rotary: RotaryConfig = {
      dimension: headDimensionOf(given),
      theta: given.rope_theta,
      maxPositions: given.max_position_embeddings,
      scaling,
    };
    return {
      vocabulary: given.vocab_size,
      width: given.hidden_size,
      inner: given.intermediate_size,
      layers: given.num_hidden_layers,
      heads: given.num_attention_heads,
      keyValueHeads: keyValueHeadsOf(given),
      headDimension: headDimensionOf(given),
      epsilon: given.rms_norm_eps,
      tied: given.tie_word_embeddings,
      rotary: () => rotary,
      ...own,
    };
  };
  const { className, modelType, config, generationDefaults, recomputedBeyond, renamed } = member;
  return {
    className,
    modelType,
    config,
    generationDefaults,
    ...(recomputedBeyond === undefined ? {} : { recomputedBeyond }),
    ...(renamed === undefined ? {} : { renamed }),
    prefix: member.prefix ?? 'model',
    padsEmbedding: true,
    dropouts: member.dropouts ?? ['attention_dropout'],
    tied: (given) => (given.tie_word_embeddings ? TIED : undefined),
    tensors: (given) => decoderTensors(shapeOf(given)),
    surplus: (given, names) => surplusExpert(shapeOf(given), names),
    vocabularySize: (given) => given.vocab_size,
    // Rotary angles go on: the library runs longer sequences too.
    maxPositions: () => undefined,
    width: (given) => given.hidden_size,
    build: (g, given, inputs, run) => buildDecoder(g, shapeOf(given), inputs, run),
  };
}
