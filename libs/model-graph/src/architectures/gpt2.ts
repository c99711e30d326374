import { z } from 'zod';
import { activation } from '../blocks/activation.js';
import { attention, byRow } from '../blocks/attention.js';
import { embedding } from '../blocks/embedding.js';
import { conv1d } from '../blocks/linear.js';
import { layerNorm } from '../blocks/norm.js';
import type { GraphBuilder } from '../graph/graph-builder.js';
import type { Library } from '../library.js';
import type { ArchitectureOf, ExpectedTensor, Inputs } from './architecture.js';
import {
  activationName,
  DEMANDED,
  demandTypes,
  epsilon,
  flag,
  heads,
  layers,
  optional,
  size,
  withNames,
} from './fields.js';

/** The library takes the common names for its own ones too. */
const RENAMED = {
  hidden_size: 'n_embd',
  max_position_embeddings: 'n_positions',
  num_attention_heads: 'n_head',
  num_hidden_layers: 'n_layer',
};

const keysOf = (library: Library) =>
  z
    .object({
      vocab_size: optional(size(), 50_257),
      n_positions: optional(size(100_000_000), 1024),
      n_embd: optional(size(), 768),
      n_layer: optional(layers(), 12),
      n_head: optional(heads(), 12),
      n_inner: size().nullish(),
      activation_function: activationName('gelu_new'),
      layer_norm_epsilon: epsilon(1e-5),
      scale_attn_weights: flag(true, library),
      scale_attn_by_inverse_layer_idx: flag(false, library),
      tie_word_embeddings: flag(true, library),
      /** Weights that are there and, without an encoder, not used. */
      add_cross_attention: flag(false, library),
    })
    .refine((given) => given.n_embd % given.n_head === 0, 'n_embd must be divisible by n_head');

const UNREAD_TYPES = {
  summary_type: DEMANDED.text,
  summary_use_proj: DEMANDED.flag,
  summary_activation: DEMANDED.textOrNull,
  summary_proj_to_labels: DEMANDED.flag,
  summary_first_dropout: DEMANDED.number,
  reorder_and_upcast_attn: DEMANDED.flag,
};

const configOf = (library: Library) =>
  z.preprocess(demandTypes(library, UNREAD_TYPES), z.preprocess(withNames(RENAMED), keysOf(library)));

type Config = z.infer<ReturnType<typeof configOf>>;

const TOKENS = 'transformer.wte.weight';
const HEAD = 'lm_head.weight';
const POSITIONS = 'transformer.wpe.weight';

function layerTensors(prefix: string, width: number, inner: number, hasCrossAttention: boolean): ExpectedTensor[] {
  const affine = (name: string, into: number, out: number): ExpectedTensor[] => [
    { name: `${prefix}.${name}.weight`, shape: [into, out] },
    { name: `${prefix}.${name}.bias`, shape: [out] },
  ];
  const norm = (name: string): ExpectedTensor[] => [
    { name: `${prefix}.${name}.weight`, shape: [width] },
    { name: `${prefix}.${name}.bias`, shape: [width] },
  ];
  const crossAttention = [
    ...norm('ln_cross_attn'),
    ...affine('crossattention.c_attn', width, 2 * width),
    ...affine('crossattention.q_attn', width, width),
    ...affine('crossattention.c_proj', width, width),
  ];
  return [
    ...norm('ln_1'),
    ...affine('attn.c_attn', width, 3 * width),
    ...affine('attn.c_proj', width, width),
    ...norm('ln_2'),
    ...affine('mlp.c_fc', width, inner),
    ...affine('mlp.c_proj', inner, width),
    ...(hasCrossAttention ? crossAttention : []),
  ];
}

function layer(g: GraphBuilder, given: Config, inputs: Inputs, hidden: string, index: number): string {
  const prefix = `transformer.h.${index}`;
  const { n_embd: width, n_head: count, layer_norm_epsilon: eps } = given;
  const headDimension = width / count;
  const project = (x: string, name: string): string =>
    conv1d(g, x, `${prefix}.${name}.weight`, `${prefix}.${name}.bias`);
  const norm = (x: string, name: string): string =>
    layerNorm(g, x, `${prefix}.${name}.weight`, `${prefix}.${name}.bias`, eps);
  const qkv = project(norm(hidden, 'ln_1'), 'attn.c_attn');
  const part = (which: number): string =>
    byRow(
      g,
      inputs,
      g.node('Slice', [qkv, g.ints([which * width]), g.ints([(which + 1) * width]), g.ints([1])]),
      width,
    );
  const scale =
    (given.scale_attn_weights ? 1 / Math.sqrt(headDimension) : 1) /
    (given.scale_attn_by_inverse_layer_idx ? index + 1 : 1);
  const context = attention(g, inputs, part(0), part(1), part(2), {
    heads: count,
    keyValueHeads: count,
    headDimension,
    scale,
  });
  const attended = g.node('Add', [hidden, project(context, 'attn.c_proj')]);
  const inner = activation(g, given.activation_function, project(norm(attended, 'ln_2'), 'mlp.c_fc'));
  return g.node('Add', [attended, project(inner, 'mlp.c_proj')]);
}

/** GPT-2 (Radford et al. 2019): learned positions, layer norms before each block, projections stored [in, out]. */
export const gpt2: ArchitectureOf<Config> = (library) => ({
  className: 'GPT2LMHeadModel',
  modelType: 'gpt2',
  config: configOf(library),
  prefix: 'transformer',
  dropouts: ['embd_pdrop', 'resid_pdrop', 'attn_pdrop'],
  tied: (given) => (given.tie_word_embeddings ? { name: TOKENS, otherName: HEAD } : undefined),
  generationDefaults: { bos_token_id: 50_256, eos_token_id: 50_256 },
  tensors: (given) => [
    { name: TOKENS, shape: [given.vocab_size, given.n_embd] },
    { name: POSITIONS, shape: [given.n_positions, given.n_embd] },
    ...Array.from({ length: given.n_layer }, (_none, index) =>
      layerTensors(
        `transformer.h.${index}`,
        given.n_embd,
        given.n_inner ?? 4 * given.n_embd,
        given.add_cross_attention,
      ),
    ).flat(),
    { name: 'transformer.ln_f.weight', shape: [given.n_embd] },
    { name: 'transformer.ln_f.bias', shape: [given.n_embd] },
    ...(given.tie_word_embeddings ? [] : [{ name: HEAD, shape: [given.vocab_size, given.n_embd] }]),
  ],
  vocabularySize: (given) => given.vocab_size,
  maxPositions: (given) => given.n_positions,
  width: (given) => given.n_embd,
  build: (g, given, inputs) => {
    let hidden = g.node('Add', [embedding(g, inputs.ids, TOKENS), embedding(g, inputs.positions, POSITIONS)]);
    for (let index = 0; index < given.n_layer; index += 1) hidden = layer(g, given, inputs, hidden, index);
    return {
      hidden: layerNorm(g, hidden, 'transformer.ln_f.weight', 'transformer.ln_f.bias', given.layer_norm_epsilon),
      head: { weight: given.tie_word_embeddings ? TOKENS : HEAD },
    };
  },
});
