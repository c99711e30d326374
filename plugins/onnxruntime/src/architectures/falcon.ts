import { z } from 'zod';
import { activation } from '../blocks/activation.js';
import { alibiTable } from '../blocks/alibi.js';
import { attention } from '../blocks/attention.js';
import { embedding } from '../blocks/embedding.js';
import { splitHeads } from '../blocks/fused-projection.js';
import { layer } from '../blocks/linear.js';
import { layerNorm } from '../blocks/norm.js';
import { rotaryTable, rotate, type RotaryTable } from '../blocks/rotary.js';
import type { GraphBuilder } from '../onnx/graph-builder.js';
import {
  linearTensors,
  normTensors,
  type Architecture,
  type ExpectedTensor,
  type Inputs,
  type RunShape,
} from './architecture.js';
import { activationName, epsilon, flag, heads, layers, optional, size, theta } from './fields.js';
import { olderRopeScaling } from './rope.js';

const DEFAULT_WIDTH = 4544;

const config = z
  .object({
    vocab_size: optional(size(), 65_024),
    hidden_size: optional(size(), DEFAULT_WIDTH),
    /** The older name of hidden_size; it wins. */
    n_embed: size().nullish(),
    num_hidden_layers: optional(layers(), 32),
    num_attention_heads: optional(heads(), 71),
    num_kv_heads: heads().nullish(),
    layer_norm_epsilon: epsilon(1e-5),
    alibi: flag(false),
    new_decoder_architecture: flag(false),
    multi_query: flag(true),
    parallel_attn: flag(true),
    bias: flag(false),
    num_ln_in_parallel_attn: z.union([z.literal(1), z.literal(2)]).nullish(),
    max_position_embeddings: optional(size(100_000_000), 2048),
    rope_theta: theta(10_000),
    rope_scaling: olderRopeScaling,
    ffn_hidden_size: size().nullish(),
    activation: activationName('gelu'),
    tie_word_embeddings: flag(true),
  })
  // The library derives the inner size from hidden_size even where the older name overrules it.
  .transform(({ n_embed: older, ...given }) => ({
    ...given,
    hidden_size: older ?? given.hidden_size,
    inner: given.ffn_hidden_size ?? 4 * given.hidden_size,
  }))
  .refine(
    (given) => given.hidden_size % given.num_attention_heads === 0,
    'hidden_size must be divisible by num_attention_heads',
  )
  .refine(
    (given) => given.alibi || (given.hidden_size / given.num_attention_heads) % 2 === 0,
    'heads must have an even size to be rotated',
  )
  .refine(
    (given) => given.num_attention_heads % groupsOf(given) === 0,
    'num_attention_heads must be divisible by num_kv_heads',
  )
  .refine(
    (given) => given.new_decoder_architecture || given.multi_query || groupsOf(given) === given.num_attention_heads,
    {
      error: 'num_kv_heads needs the new decoder architecture',
    },
  )
  .refine(
    (given) => !given.new_decoder_architecture || given.parallel_attn,
    'the new decoder architecture needs parallel_attn',
  )
  .refine((given) => given.new_decoder_architecture || !given.parallel_attn || given.num_ln_in_parallel_attn !== 2, {
    error: 'two parallel norms need the new decoder architecture',
  });

type Config = z.infer<typeof config>;

/** Groups of queries that share a key: any number in the new layout, one for all or one for each in the old. */
function groupsOf(given: {
  new_decoder_architecture: boolean;
  multi_query: boolean;
  num_attention_heads: number;
  num_kv_heads?: number | null | undefined;
}): number {
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

function placesOf(g: GraphBuilder, given: Config, inputs: Inputs, run: RunShape): Places {
  const {
    num_attention_heads: count,
    hidden_size: width,
    rope_theta: base,
    max_position_embeddings: maxPositions,
    rope_scaling: scaling,
  } = given;
  if (!given.alibi)
    return {
      table: rotaryTable({ dimension: width / count, theta: base, maxPositions, scaling }, run.positions, run.lengthAt),
    };
  return {
    keyBias: g.node('Gather', [g.floats([run.positions, count], alibiTable(count, run.positions)), inputs.positions]),
  };
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
export const falcon: Architecture<Config> = {
  className: 'FalconForCausalLM',
  modelType: 'falcon',
  config,
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
    const places = placesOf(g, given, inputs, run);
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
};
