import { z } from 'zod';
import { activation } from '../blocks/activation.js';
import { attention, byRow } from '../blocks/attention.js';
import { embedding } from '../blocks/embedding.js';
import { layer } from '../blocks/linear.js';
import { layerNorm, ofHeads } from '../blocks/norm.js';
import { rotaryTable, rotate, type RotaryTable } from '../blocks/rotary.js';
import type { GraphBuilder } from '../graph/graph-builder.js';
import type { Library } from '../library.js';
import { linearTensors, normTensors, type ArchitectureOf, type ExpectedTensor, type Inputs } from './architecture.js';
import { headDimensionOf } from './decoder-family.js';
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
import { laterRopeKeys } from './rope-keys.js';
import { olderRopeScaling, partialRotary, scalingIssue } from './rope.js';

const keysOf = (library: Library) =>
  z.object({
    vocab_size: optional(size(), 51_200),
    hidden_size: optional(size(), 2048),
    intermediate_size: optional(size(), 8192),
    num_hidden_layers: optional(layers(), 24),
    num_attention_heads: optional(heads(), 32),
    num_key_value_heads: heads().nullish(),
    /** Later versions take it for the size of a head, though the config class does not name it. */
    head_dim: library === '4.44' ? unread : size(4096).optional(),
    hidden_act: activationName('gelu_new'),
    max_position_embeddings: optional(size(100_000_000), 2048),
    layer_norm_eps: epsilon(1e-5),
    tie_word_embeddings: flag(false, library),
    rope_theta: theta(10_000),
    rope_scaling: olderRopeScaling(library),
    partial_rotary_factor: optional(z.number().min(0).max(1), 0.5),
    qk_layernorm: flag(false, library),
  });
type Keys = z.infer<ReturnType<typeof keysOf>>;

const sharesWidth = ({ hidden_size: width, num_attention_heads: count }: Keys): boolean => width % count === 0;

const keyValueHeadsOf = (given: Keys): number => given.num_key_value_heads ?? given.num_attention_heads;

/** Why the version can't norm queries and keys; undefined where it can or need not. */
function normIssue(given: Keys, library: Library): string | undefined {
  if (!given.qk_layernorm) return undefined;
  // 4.44 norms before it splits heads.
  if (library === '4.44')
    return given.num_attention_heads === 1 ? undefined : 'qk_layernorm works with one head only in transformers 4.44';
  return headDimensionOf(given) === Math.floor(given.hidden_size / given.num_attention_heads)
    ? undefined
    : 'qk_layernorm works with heads of hidden_size / num_attention_heads only';
}

/** Why the version can't rotate a part of each head; undefined where it can. */
function rotaryIssue(given: Keys, library: Library): string | undefined {
  const head = headDimensionOf(given);
  const rotated = Math.trunc(head * given.partial_rotary_factor);
  if (rotated % 2 !== 0) return 'partial_rotary_factor must leave an even number of dimensions to rotate';
  const { dimension } = partialRotary(given, given.partial_rotary_factor, head, library);
  return dimension === rotated ? scalingIssue(given, rotated, library) : 'proportional angles need whole heads';
}

const configOf = (library: Library) =>
  z
    .preprocess(laterRopeKeys(library), keysOf(library))
    .refine((given) => library !== '4.44' || sharesWidth(given), EVEN_WIDTH)
    .refine((given) => given.num_attention_heads % keyValueHeadsOf(given) === 0, {
      error: 'num_attention_heads must be divisible by num_key_value_heads',
    })
    .superRefine((given, context) => {
      complain(context, rotaryIssue(given, library));
      complain(context, normIssue(given, library));
    });

type Config = z.infer<ReturnType<typeof configOf>>;

const EMBEDDING = 'model.embed_tokens.weight';
const HEAD = 'lm_head';

function layerTensors(prefix: string, given: Config): ExpectedTensor[] {
  const { hidden_size: width, intermediate_size: inner, num_attention_heads: count } = given;
  const head = headDimensionOf(given);
  const [query, keyValue] = [count * head, keyValueHeadsOf(given) * head];
  return [
    ...normTensors(`${prefix}.input_layernorm`, width),
    ...linearTensors(`${prefix}.self_attn.q_proj`, query, width, true),
    ...linearTensors(`${prefix}.self_attn.k_proj`, keyValue, width, true),
    ...linearTensors(`${prefix}.self_attn.v_proj`, keyValue, width, true),
    ...linearTensors(`${prefix}.self_attn.dense`, width, query, true),
    ...(given.qk_layernorm
      ? ['q_layernorm', 'k_layernorm'].flatMap((name) => normTensors(`${prefix}.self_attn.${name}`, head))
      : []),
    ...linearTensors(`${prefix}.mlp.fc1`, inner, width, true),
    ...linearTensors(`${prefix}.mlp.fc2`, width, inner, true),
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
  const { num_attention_heads: count, layer_norm_eps: eps } = given;
  const headDimension = headDimensionOf(given);
  const keyValueHeads = keyValueHeadsOf(given);
  const project = (part: string): string => layer(g, x, `${name}.${part}`, true);
  const turned = (part: 'q' | 'k', parts: number): string => {
    const projected = project(`${part}_proj`);
    const norm = `${name}.${part}_layernorm`;
    const normed = given.qk_layernorm
      ? layerNorm(g, ofHeads(g, projected, headDimension), `${norm}.weight`, `${norm}.bias`, eps)
      : projected;
    return rotate(g, byRow(g, inputs, normed, parts * headDimension), inputs.positions, table, parts, headDimension);
  };
  const values = byRow(g, inputs, project('v_proj'), keyValueHeads * headDimension);
  const context = attention(g, inputs, turned('q', count), turned('k', keyValueHeads), values, {
    heads: count,
    keyValueHeads,
    headDimension,
  });
  return layer(g, context, `${name}.dense`, true);
}

/** Phi 1.5 and 2 (Li et al. 2023): attention and MLP side by side after one norm, part of each head rotated, biases everywhere. */
export const phi: ArchitectureOf<Config> = (library) => ({
  className: 'PhiForCausalLM',
  modelType: 'phi',
  config: configOf(library),
  prefix: 'model',
  padsEmbedding: true,
  dropouts: ['attention_dropout', 'resid_pdrop', 'embd_pdrop'],
  tied: (given) => (given.tie_word_embeddings ? { name: EMBEDDING, otherName: `${HEAD}.weight` } : undefined),
  generationDefaults: { bos_token_id: 1, eos_token_id: 2 },
  tensors: (given) => [
    { name: EMBEDDING, shape: [given.vocab_size, given.hidden_size] },
    ...Array.from({ length: given.num_hidden_layers }, (_none, index) =>
      layerTensors(`model.layers.${index}`, given),
    ).flat(),
    ...normTensors('model.final_layernorm', given.hidden_size),
    ...linearTensors(HEAD, given.vocab_size, given.hidden_size, true).slice(given.tie_word_embeddings ? 1 : 0),
  ],
  vocabularySize: (given) => given.vocab_size,
  maxPositions: () => undefined,
  width: (given) => given.hidden_size,
  build: (g, given, inputs, run) => {
    const { layer_norm_eps: eps } = given;
    const rotary = partialRotary(given, given.partial_rotary_factor, headDimensionOf(given), library);
    const table = rotaryTable(rotary, run.positions, run.lengthAt);
    const norm = (x: string, name: string): string => layerNorm(g, x, `${name}.weight`, `${name}.bias`, eps);
    let hidden = embedding(g, inputs.ids, EMBEDDING);
    for (let index = 0; index < given.num_hidden_layers; index += 1) {
      const prefix = `model.layers.${index}`;
      const normed = norm(hidden, `${prefix}.input_layernorm`);
      const attended = selfAttention(g, given, inputs, table, normed, `${prefix}.self_attn`);
      const fed = layer(
        g,
        activation(g, given.hidden_act, layer(g, normed, `${prefix}.mlp.fc1`, true)),
        `${prefix}.mlp.fc2`,
        true,
      );
      hidden = g.node('Add', [g.node('Add', [attended, fed]), hidden]);
    }
    const weight = given.tie_word_embeddings ? EMBEDDING : `${HEAD}.weight`;
    return { hidden: norm(hidden, 'model.final_layernorm'), head: { weight, bias: `${HEAD}.bias` } };
  },
});
