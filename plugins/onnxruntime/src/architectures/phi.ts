import { z } from 'zod';
import { activation } from '../blocks/activation.js';
import { attention, byRow } from '../blocks/attention.js';
import { embedding } from '../blocks/embedding.js';
import { layer } from '../blocks/linear.js';
import { layerNorm } from '../blocks/norm.js';
import { rotaryTable, rotate, type RotaryTable } from '../blocks/rotary.js';
import type { GraphBuilder } from '../onnx/graph-builder.js';
import { linearTensors, normTensors, type Architecture, type ExpectedTensor, type Inputs } from './architecture.js';
import { activationName, epsilon, flag, heads, layers, optional, size, theta } from './fields.js';
import { olderRopeScaling } from './rope.js';

const config = z
  .object({
    vocab_size: optional(size(), 51_200),
    hidden_size: optional(size(), 2048),
    intermediate_size: optional(size(), 8192),
    num_hidden_layers: optional(layers(), 24),
    num_attention_heads: optional(heads(), 32),
    num_key_value_heads: heads().nullish(),
    hidden_act: activationName('gelu_new'),
    max_position_embeddings: optional(size(100_000_000), 2048),
    layer_norm_eps: epsilon(1e-5),
    tie_word_embeddings: flag(false),
    rope_theta: theta(10_000),
    rope_scaling: olderRopeScaling,
    partial_rotary_factor: optional(z.number().min(0).max(1), 0.5),
    qk_layernorm: flag(false),
  })
  .refine(
    (given) => given.hidden_size % given.num_attention_heads === 0,
    'hidden_size must be divisible by num_attention_heads',
  )
  .refine((given) => given.num_attention_heads % (given.num_key_value_heads ?? given.num_attention_heads) === 0, {
    error: 'num_attention_heads must be divisible by num_key_value_heads',
  })
  .refine(
    (given) => rotated(given) % 2 === 0,
    'partial_rotary_factor must leave an even number of dimensions to rotate',
  )
  // The library norms before it splits heads, and fails.
  .refine((given) => !given.qk_layernorm || given.num_attention_heads === 1, 'qk_layernorm works with one head only');

const rotated = (given: { hidden_size: number; num_attention_heads: number; partial_rotary_factor: number }): number =>
  Math.trunc((given.hidden_size / given.num_attention_heads) * given.partial_rotary_factor);

type Config = z.infer<typeof config>;

const EMBEDDING = 'model.embed_tokens.weight';
const HEAD = 'lm_head';

function layerTensors(prefix: string, given: Config): ExpectedTensor[] {
  const { hidden_size: width, intermediate_size: inner, num_attention_heads: count } = given;
  const keyValue = ((given.num_key_value_heads ?? count) * width) / count;
  return [
    ...normTensors(`${prefix}.input_layernorm`, width),
    ...linearTensors(`${prefix}.self_attn.q_proj`, width, width, true),
    ...linearTensors(`${prefix}.self_attn.k_proj`, keyValue, width, true),
    ...linearTensors(`${prefix}.self_attn.v_proj`, keyValue, width, true),
    ...linearTensors(`${prefix}.self_attn.dense`, width, width, true),
    ...(given.qk_layernorm
      ? ['q_layernorm', 'k_layernorm'].flatMap((name) => normTensors(`${prefix}.self_attn.${name}`, width / count))
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
  const { num_attention_heads: count, hidden_size: width, layer_norm_eps: eps } = given;
  const headDimension = width / count;
  const keyValueHeads = given.num_key_value_heads ?? count;
  const project = (part: string): string => layer(g, x, `${name}.${part}`, true);
  const turned = (part: 'q' | 'k', parts: number): string => {
    const projected = project(`${part}_proj`);
    const norm = `${name}.${part}_layernorm`;
    const normed = given.qk_layernorm ? layerNorm(g, projected, `${norm}.weight`, `${norm}.bias`, eps) : projected;
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
export const phi: Architecture<Config> = {
  className: 'PhiForCausalLM',
  modelType: 'phi',
  config,
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
    const {
      rope_theta: base,
      max_position_embeddings: maxPositions,
      rope_scaling: scaling,
      layer_norm_eps: eps,
    } = given;
    const table = rotaryTable(
      { dimension: rotated(given), theta: base, maxPositions, scaling },
      run.positions,
      run.lengthAt,
    );
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
};
