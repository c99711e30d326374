import { z } from 'zod';
import { activation } from '../blocks/activation.js';
import { attention } from '../blocks/attention.js';
import { embedding } from '../blocks/embedding.js';
import { splitHeads } from '../blocks/fused-projection.js';
import { layer } from '../blocks/linear.js';
import { layerNorm } from '../blocks/norm.js';
import { rotaryTable, rotate, type RotaryConfig, type RotaryTable } from '../blocks/rotary.js';
import type { GraphBuilder } from '../graph/graph-builder.js';
import type { Library } from '../library.js';
import { linearTensors, normTensors, type ArchitectureOf, type ExpectedTensor, type Inputs } from './architecture.js';
import {
  activationName,
  complain,
  DEMANDED,
  demandTypes,
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
import { laterRopeKeys } from './rope-keys.js';
import { olderRopeScaling, partialRotary, scalingIssue, type RopeConfig } from './rope.js';

const NAMES = { theta: 'rotary_emb_base', part: 'rotary_pct' };

const keysOf = (library: Library) =>
  z.object({
    vocab_size: optional(size(), 50_432),
    hidden_size: optional(size(), 6144),
    num_hidden_layers: optional(layers(), 44),
    num_attention_heads: optional(heads(), 64),
    intermediate_size: optional(size(), 24_576),
    hidden_act: activationName('gelu'),
    rotary_pct: optional(z.number().min(0).max(1), 0.25),
    rotary_emb_base: theta(10_000),
    max_position_embeddings: optional(size(100_000_000), 2048),
    layer_norm_eps: epsilon(1e-5),
    tie_word_embeddings: flag(false, library),
    use_parallel_residual: flag(true, library),
    rope_scaling: olderRopeScaling(library),
    attention_bias: flag(true, library),
    /** Later versions compute the angles for heads of this size, and the attention has none of it. */
    head_dim: library === '4.44' ? unread : size(4096).nullish(),
  });
type Keys = z.infer<ReturnType<typeof keysOf>>;

const headOf = ({ hidden_size: width, num_attention_heads: count }: Keys): number => width / count;

const ropeOf = (given: Keys): RopeConfig => ({ ...given, rope_theta: given.rotary_emb_base });
const rotaryOf = (given: Keys, library: Library): RotaryConfig =>
  partialRotary(ropeOf(given), given.rotary_pct, given.head_dim ?? headOf(given), library);

/** Why the version can't rotate a part of each head; undefined where it can. 4.44 rotates whole pairs only. */
function rotaryIssue(given: Keys, library: Library): string | undefined {
  const { dimension } = rotaryOf(given, library);
  if (library === '4.44' && dimension % 2 !== 0) return 'rotary_pct must leave an even number of dimensions to rotate';
  if (Math.ceil(dimension / 2) * 2 > headOf(given)) return 'rotary_pct and head_dim must rotate no more than a head';
  return scalingIssue(ropeOf(given), dimension, library);
}

const configOf = (library: Library) =>
  z.preprocess(
    demandTypes(library, {
      classifier_dropout: DEMANDED.number,
      is_decoder: DEMANDED.flag,
    }),
    z
      .preprocess(laterRopeKeys(library, 'type', NAMES), keysOf(library))
      .refine((given) => given.hidden_size % given.num_attention_heads === 0, EVEN_WIDTH)
      .superRefine((given, context) => {
        complain(context, rotaryIssue(given, library));
      }),
  );

type Config = z.infer<ReturnType<typeof configOf>>;

const EMBEDDING = 'gpt_neox.embed_in.weight';
/** 5 has another name for the head, and takes the older one for it. */
const headNameOf = (library: Library): string => (library === '5' ? 'lm_head.weight' : 'embed_out.weight');
const renamed = (name: string): string => name.replace(/^embed_out\./, 'lm_head.');

function layerTensors(prefix: string, given: Config): ExpectedTensor[] {
  const { hidden_size: width, intermediate_size: inner, attention_bias: bias } = given;
  return [
    ...normTensors(`${prefix}.input_layernorm`, width),
    ...normTensors(`${prefix}.post_attention_layernorm`, width),
    ...linearTensors(`${prefix}.attention.query_key_value`, 3 * width, width, bias),
    ...linearTensors(`${prefix}.attention.dense`, width, width, bias),
    ...linearTensors(`${prefix}.mlp.dense_h_to_4h`, inner, width, true),
    ...linearTensors(`${prefix}.mlp.dense_4h_to_h`, width, inner, true),
  ];
}

function selfAttention(
  g: GraphBuilder,
  given: Config,
  inputs: Inputs,
  table: RotaryTable,
  x: string,
  name: string,
): string {
  const { num_attention_heads: count, hidden_size: width, attention_bias: bias } = given;
  const headDimension = width / count;
  // Each head's query, key and value lie together.
  const projected = layer(g, x, `${name}.query_key_value`, bias);
  const [q, k, v] = splitHeads(g, inputs, projected, { groups: count, queries: 1, headDimension });
  const turned = (part: string): string => rotate(g, part, inputs.positions, table, count, headDimension);
  const context = attention(g, inputs, turned(q), turned(k), v, { heads: count, keyValueHeads: count, headDimension });
  return layer(g, context, `${name}.dense`, bias);
}

/** GPT-NeoX (Black et al. 2022): attention and MLP side by side, each after its own norm, part of each head rotated. */
export const gptNeoX: ArchitectureOf<Config> = (library) => ({
  className: 'GPTNeoXForCausalLM',
  modelType: 'gpt_neox',
  config: configOf(library),
  prefix: 'gpt_neox',
  ...(library === '5' ? { renamed } : {}),
  dropouts: ['attention_dropout', 'hidden_dropout'],
  tied: (given) => (given.tie_word_embeddings ? { name: EMBEDDING, otherName: headNameOf(library) } : undefined),
  generationDefaults: { bos_token_id: 0, eos_token_id: 2 },
  tensors: (given) => [
    { name: EMBEDDING, shape: [given.vocab_size, given.hidden_size] },
    ...Array.from({ length: given.num_hidden_layers }, (_none, index) =>
      layerTensors(`gpt_neox.layers.${index}`, given),
    ).flat(),
    ...normTensors('gpt_neox.final_layer_norm', given.hidden_size),
    ...(given.tie_word_embeddings ? [] : [{ name: headNameOf(library), shape: [given.vocab_size, given.hidden_size] }]),
  ],
  vocabularySize: (given) => given.vocab_size,
  maxPositions: () => undefined,
  width: (given) => given.hidden_size,
  build: (g, given, inputs, run) => {
    const { layer_norm_eps: eps } = given;
    const table = rotaryTable(rotaryOf(given, library), run.positions, run.lengthAt);
    const norm = (x: string, name: string): string => layerNorm(g, x, `${name}.weight`, `${name}.bias`, eps);
    let hidden = embedding(g, inputs.ids, EMBEDDING);
    for (let index = 0; index < given.num_hidden_layers; index += 1) {
      const prefix = `gpt_neox.layers.${index}`;
      const attended = selfAttention(
        g,
        given,
        inputs,
        table,
        norm(hidden, `${prefix}.input_layernorm`),
        `${prefix}.attention`,
      );
      const both = g.node('Add', [hidden, attended]);
      const normed = norm(given.use_parallel_residual ? hidden : both, `${prefix}.post_attention_layernorm`);
      const inner = activation(g, given.hidden_act, layer(g, normed, `${prefix}.mlp.dense_h_to_4h`, true));
      hidden = g.node('Add', [layer(g, inner, `${prefix}.mlp.dense_4h_to_h`, true), both]);
    }
    return {
      hidden: norm(hidden, 'gpt_neox.final_layer_norm'),
      head: { weight: given.tie_word_embeddings ? EMBEDDING : headNameOf(library) },
    };
  },
});
