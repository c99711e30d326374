import { z } from 'zod';
import { activation } from '../blocks/activation.js';
import { alibiTable } from '../blocks/alibi.js';
import { attention } from '../blocks/attention.js';
import { embedding } from '../blocks/embedding.js';
import { splitHeads } from '../blocks/fused-projection.js';
import { layer } from '../blocks/linear.js';
import { layerNorm } from '../blocks/norm.js';
import { rotaryTable, rotate, type RotaryTable } from '../blocks/rotary.js';
import type { Library } from '../library.js';
import type { GraphBuilder } from '../graph/graph-builder.js';
import {
  linearTensors,
  normTensors,
  type ArchitectureOf,
  type ExpectedTensor,
  type Inputs,
  type RunShape,
} from './architecture.js';
import {
  activationName,
  complain,
  epsilon,
  EVEN_WIDTH,
  flag,
  flagOrNull,
  heads,
  layers,
  optional,
  size,
  theta,
  unread,
} from './fields.js';
import { laterRopeKeys } from './rope-keys.js';
import {
  olderRopeScaling,
  scalingIssue,
  wholeHeadIssue,
  wholeHeadRotary,
  wholeShare,
  type RopeConfig,
} from './rope.js';

const DEFAULT_WIDTH = 4544;

const keysOf = (library: Library) =>
  z.object({
    vocab_size: optional(size(), 65_024),
    hidden_size: optional(size(), DEFAULT_WIDTH),
    /** The older name of hidden_size; it wins. */
    n_embed: size().nullish(),
    num_hidden_layers: optional(layers(), 32),
    num_attention_heads: optional(heads(), 71),
    num_kv_heads: heads().nullish(),
    layer_norm_epsilon: epsilon(1e-5),
    alibi: flagOrNull(false, library),
    new_decoder_architecture: flagOrNull(false, library),
    multi_query: flagOrNull(true, library),
    parallel_attn: flagOrNull(true, library),
    bias: flagOrNull(false, library),
    num_ln_in_parallel_attn: z.union([z.literal(1), z.literal(2)]).nullish(),
    max_position_embeddings: optional(size(100_000_000), 2048),
    rope_theta: theta(10_000),
    rope_scaling: olderRopeScaling(library),
    partial_rotary_factor: library === '4.44' ? unread : wholeShare(library),
    ffn_hidden_size: size().nullish(),
    activation: activationName('gelu'),
    tie_word_embeddings: flag(true, library),
    head_dim: z.undefined({ error: 'must be absent: the class derives it' }).optional(),
  });

type Layout = Omit<z.infer<ReturnType<typeof keysOf>>, 'n_embed'>;

/** Sizes and flags that contradict each other in every version. */
function layoutIssue(given: Layout): string | undefined {
  const { new_decoder_architecture: isNew, parallel_attn: isParallel } = given;
  if (given.hidden_size % given.num_attention_heads !== 0) return EVEN_WIDTH;
  if (given.num_attention_heads % groupsOf(given) !== 0) return 'num_attention_heads must be divisible by num_kv_heads';
  if (!isNew && !given.multi_query && groupsOf(given) !== given.num_attention_heads)
    return 'num_kv_heads needs the new decoder architecture';
  if (isNew && !isParallel) return 'the new decoder architecture needs parallel_attn';
  return !isNew && isParallel && given.num_ln_in_parallel_attn === 2
    ? 'two parallel norms need the new decoder architecture'
    : undefined;
}

/** Later versions make angles for ALiBi too, and use none of them. */
function rotaryIssue(given: Layout & RopeConfig, library: Library): string | undefined {
  const head = given.hidden_size / given.num_attention_heads;
  if (!given.alibi) return wholeHeadIssue(given, head, library);
  if (library === '4.44') return undefined;
  // 5 checks the size of a head beyond that of its own tests.
  if (library === '5' && head > 4 && head % 2 !== 0) return 'heads must have an even size in transformers 5';
  return scalingIssue(given, wholeHeadRotary(given, head, library).dimension, library);
}

const configOf = (library: Library) =>
  z
    .preprocess(laterRopeKeys(library, 'rope_type'), keysOf(library))
    // Up to 4.57 the inner size follows from hidden_size even where the older name overrules it.
    .transform(({ n_embed: older, ...given }) => ({
      ...given,
      hidden_size: older ?? given.hidden_size,
      inner: given.ffn_hidden_size ?? 4 * (library === '5' ? (older ?? given.hidden_size) : given.hidden_size),
    }))
    .superRefine((given, context) => {
      complain(context, layoutIssue(given) ?? rotaryIssue(given, library));
    });

type Config = z.infer<ReturnType<typeof configOf>>;

/** Groups of queries that share a key: any number in the new layout, one for all or one for each in the old. */
function groupsOf(given: Layout): number {
  return !given.new_decoder_architecture && given.multi_query ? 1 : (given.num_kv_heads ?? given.num_attention_heads);
}

const hasTwoNorms = (given: Config): boolean =>
  given.new_decoder_architecture && (given.num_ln_in_parallel_attn ?? 2) === 2;

const EMBEDDING = 'transformer.word_embeddings.weight';
const HEAD = 'lm_head.weight';

function layerTensors(prefix: string, given: Config): ExpectedTensor[] {
  const { hidden_size: width, inner, bias, num_attention_heads: count } = given;
  const projected = (count + 2 * groupsOf(given)) * (width / count);
  const norms = hasTwoNorms(given)
    ? ['ln_attn', 'ln_mlp']
    : ['input_layernorm', ...(given.parallel_attn ? [] : ['post_attention_layernorm'])];
  return [
    ...norms.flatMap((name) => normTensors(`${prefix}.${name}`, width)),
    ...linearTensors(`${prefix}.self_attention.query_key_value`, projected, width, bias),
    ...linearTensors(`${prefix}.self_attention.dense`, width, width, bias),
    ...linearTensors(`${prefix}.mlp.dense_h_to_4h`, inner, width, bias),
    ...linearTensors(`${prefix}.mlp.dense_4h_to_h`, width, inner, bias),
  ];
}

/** What tells a key's place: angles, or a bias that grows with it. */
type Places = { table: RotaryTable } | { keyBias: string };

function placesOf(g: GraphBuilder, given: Config, inputs: Inputs, run: RunShape, library: Library): Places {
  const { num_attention_heads: count, hidden_size: width } = given;
  if (!given.alibi)
    return { table: rotaryTable(wholeHeadRotary(given, width / count, library), run.positions, run.lengthAt) };
  const table = alibiTable(count, run.positions);
  // Eager attention of later versions adds the bias with the mask as well.
  const bias = library === '4.44' ? table : table.map((value) => 2 * value);
  return { keyBias: g.node('Gather', [g.positionTable([run.positions, count], bias), inputs.positions]) };
}

function selfAttention(
  g: GraphBuilder,
  given: Config,
  inputs: Inputs,
  places: Places,
  x: string,
  name: string,
): string {
  const { num_attention_heads: count, hidden_size: width, bias } = given;
  const [headDimension, groups] = [width / count, groupsOf(given)];
  const [q, k, v] = splitHeads(g, inputs, layer(g, x, `${name}.query_key_value`, bias), {
    groups,
    queries: count / groups,
    headDimension,
  });
  const shape = { heads: count, keyValueHeads: groups, headDimension };
  const turned = (part: string, parts: number): string =>
    'table' in places ? rotate(g, part, inputs.positions, places.table, parts, headDimension) : part;
  const context = attention(
    g,
    inputs,
    turned(q, count),
    turned(k, groups),
    v,
    'keyBias' in places ? { ...shape, keyBias: places.keyBias } : shape,
  );
  return layer(g, context, `${name}.dense`, bias);
}

/** Falcon (Almazrouei et al. 2023) in its three layouts: 40B, 7B, and RW with ALiBi. */
export const falcon: ArchitectureOf<Config> = (library) => ({
  className: 'FalconForCausalLM',
  modelType: 'falcon',
  config: configOf(library),
  prefix: 'transformer',
  dropouts: ['attention_dropout', 'hidden_dropout'],
  tied: (given) => (given.tie_word_embeddings ? { name: EMBEDDING, otherName: HEAD } : undefined),
  generationDefaults: { bos_token_id: 11, eos_token_id: 11 },
  tensors: (given) => [
    { name: EMBEDDING, shape: [given.vocab_size, given.hidden_size] },
    ...Array.from({ length: given.num_hidden_layers }, (_none, index) =>
      layerTensors(`transformer.h.${index}`, given),
    ).flat(),
    ...normTensors('transformer.ln_f', given.hidden_size),
    ...(given.tie_word_embeddings ? [] : [{ name: HEAD, shape: [given.vocab_size, given.hidden_size] }]),
  ],
  vocabularySize: (given) => given.vocab_size,
  maxPositions: () => undefined,
  width: (given) => given.hidden_size,
  build: (g, given, inputs, run) => {
    const places = placesOf(g, given, inputs, run, library);
    const norm = (x: string, name: string): string =>
      layerNorm(g, x, `${name}.weight`, `${name}.bias`, given.layer_norm_epsilon);
    let hidden = embedding(g, inputs.ids, EMBEDDING);
    for (let index = 0; index < given.num_hidden_layers; index += 1) {
      const prefix = `transformer.h.${index}`;
      const normed = norm(hidden, `${prefix}.${hasTwoNorms(given) ? 'ln_attn' : 'input_layernorm'}`);
      const attended = selfAttention(g, given, inputs, places, normed, `${prefix}.self_attention`);
      const both = g.node('Add', [hidden, attended]);
      const side = hasTwoNorms(given) ? norm(hidden, `${prefix}.ln_mlp`) : normed;
      const fed = given.parallel_attn ? side : norm(both, `${prefix}.post_attention_layernorm`);
      const inner = activation(g, given.activation, layer(g, fed, `${prefix}.mlp.dense_h_to_4h`, given.bias));
      hidden = g.node('Add', [both, layer(g, inner, `${prefix}.mlp.dense_4h_to_h`, given.bias)]);
    }
    return { hidden: norm(hidden, 'transformer.ln_f'), head: { weight: given.tie_word_embeddings ? EMBEDDING : HEAD } };
  },
});
