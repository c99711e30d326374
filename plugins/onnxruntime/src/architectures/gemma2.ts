import { z } from 'zod';
import { attention, byRow } from '../blocks/attention.js';
import { embedding } from '../blocks/embedding.js';
import { layer } from '../blocks/linear.js';
import { gatedMlp } from '../blocks/mlp.js';
import { rmsNorm } from '../blocks/norm.js';
import { rotaryTable, rotate, type RotaryTable } from '../blocks/rotary.js';
import type { GraphBuilder } from '../onnx/graph-builder.js';
import {
  keysInWindow,
  linearTensors,
  type Architecture,
  type ExpectedTensor,
  type Inputs,
  type AttentionRule,
} from './architecture.js';
import { TIED } from './decoder.js';
import { activationName, epsilon, flag, heads, layers, optional, size, theta } from './fields.js';

/** Smaller ones are none in float32: whatever is divided by them is no number. */
const SMALLEST_CAP = 1e-30;
const cap = (fallback: number): z.ZodType<number | null> =>
  z.number().min(SMALLEST_CAP).max(1e9).nullable().default(fallback);

/** A cap of null is none; a missing one is the default. */
const config = z
  .object({
    vocab_size: optional(size(), 256_000),
    hidden_size: optional(size(), 3072),
    intermediate_size: optional(size(), 24_576),
    num_hidden_layers: optional(layers(), 28),
    num_attention_heads: optional(heads(), 16),
    num_key_value_heads: optional(heads(), 16),
    head_dim: optional(size(4096), 256),
    hidden_activation: activationName('gelu_pytorch_tanh'),
    max_position_embeddings: optional(size(100_000_000), 8192),
    rms_norm_eps: epsilon(1e-6),
    tie_word_embeddings: flag(true),
    rope_theta: theta(10_000),
    attention_bias: flag(false),
    query_pre_attn_scalar: optional(z.number().positive().max(1e9), 224),
    sliding_window: optional(size(100_000_000), 4096),
    final_logit_softcapping: cap(30),
    attn_logit_softcapping: cap(50),
  })
  .refine(
    (given) => given.hidden_size % given.num_attention_heads === 0,
    'hidden_size must be divisible by num_attention_heads',
  )
  .refine((given) => given.head_dim % 2 === 0, 'heads must have an even size to be rotated')
  .refine((given) => given.num_attention_heads % given.num_key_value_heads === 0, {
    error: 'num_attention_heads must be divisible by num_key_value_heads',
  });

type Config = z.infer<typeof config>;

function layerTensors(prefix: string, given: Config): ExpectedTensor[] {
  const { hidden_size: width, intermediate_size: inner, attention_bias: bias } = given;
  const query = given.num_attention_heads * given.head_dim;
  const keyValue = given.num_key_value_heads * given.head_dim;
  const norms = [
    'input_layernorm',
    'post_attention_layernorm',
    'pre_feedforward_layernorm',
    'post_feedforward_layernorm',
  ];
  return [
    ...norms.map((name) => ({ name: `${prefix}.${name}.weight`, shape: [width] })),
    ...linearTensors(`${prefix}.self_attn.q_proj`, query, width, bias),
    ...linearTensors(`${prefix}.self_attn.k_proj`, keyValue, width, bias),
    ...linearTensors(`${prefix}.self_attn.v_proj`, keyValue, width, bias),
    ...linearTensors(`${prefix}.self_attn.o_proj`, width, query, bias),
    ...linearTensors(`${prefix}.mlp.gate_proj`, inner, width, false),
    ...linearTensors(`${prefix}.mlp.up_proj`, inner, width, false),
    ...linearTensors(`${prefix}.mlp.down_proj`, width, inner, false),
  ];
}

/** Every other layer, the first one included, looks back over the window only. */
function selfAttention(
  g: GraphBuilder,
  given: Config,
  inputs: Inputs,
  table: RotaryTable,
  x: string,
  index: number,
  rule: AttentionRule,
): string {
  const {
    num_attention_heads: count,
    num_key_value_heads: keyValueHeads,
    head_dim: headDimension,
    attention_bias: bias,
  } = given;
  const name = `model.layers.${index}.self_attn`;
  const project = (part: string, parts: number): string =>
    byRow(g, inputs, layer(g, x, `${name}.${part}`, bias), parts * headDimension);
  const rotated = (part: string, parts: number): string =>
    rotate(g, project(part, parts), inputs.positions, table, parts, headDimension);
  const context = attention(
    g,
    inputs,
    rotated('q_proj', count),
    rotated('k_proj', keyValueHeads),
    project('v_proj', keyValueHeads),
    {
      heads: count,
      keyValueHeads,
      headDimension,
      scale: 1 / Math.sqrt(given.query_pre_attn_scalar),
      ...(index % 2 === 1 ? {} : { window: keysInWindow(given.sliding_window, rule) }),
      ...(given.attn_logit_softcapping === null ? {} : { softcap: given.attn_logit_softcapping }),
    },
  );
  return layer(g, context, `${name}.o_proj`, bias);
}

/** Gemma 2 (Riviere et al. 2024): Gemma with norms on both sides of each part, capped scores and windows in every other layer. */
export const gemma2: Architecture<Config> = {
  className: 'Gemma2ForCausalLM',
  modelType: 'gemma2',
  config,
  prefix: 'model',
  padsEmbedding: true,
  dropouts: ['attention_dropout'],
  tied: (given) => (given.tie_word_embeddings ? TIED : undefined),
  generationDefaults: { pad_token_id: 0, bos_token_id: 2, eos_token_id: 1 },
  tensors: (given) => [
    { name: TIED.name, shape: [given.vocab_size, given.hidden_size] },
    ...Array.from({ length: given.num_hidden_layers }, (_none, index) =>
      layerTensors(`model.layers.${index}`, given),
    ).flat(),
    { name: 'model.norm.weight', shape: [given.hidden_size] },
    ...(given.tie_word_embeddings ? [] : [{ name: TIED.otherName, shape: [given.vocab_size, given.hidden_size] }]),
  ],
  vocabularySize: (given) => given.vocab_size,
  maxPositions: () => undefined,
  width: (given) => given.hidden_size,
  build: (g, given, inputs, run) => {
    const { head_dim: dimension, rope_theta: base, max_position_embeddings: maxPositions, rms_norm_eps: eps } = given;
    const table = rotaryTable(
      { dimension, theta: base, maxPositions, scaling: { type: 'default' } },
      run.positions,
      run.lengthAt,
    );
    let hidden = g.node('Mul', [embedding(g, inputs.ids, TIED.name), g.scalar(Math.sqrt(given.hidden_size))]);
    for (let index = 0; index < given.num_hidden_layers; index += 1) {
      const prefix = `model.layers.${index}`;
      const norm = (x: string, name: string): string => rmsNorm(g, x, `${prefix}.${name}.weight`, eps, 1);
      const attended = selfAttention(g, given, inputs, table, norm(hidden, 'input_layernorm'), index, run.attention);
      hidden = g.node('Add', [hidden, norm(attended, 'post_attention_layernorm')]);
      const names = { gate: `${prefix}.mlp.gate_proj`, up: `${prefix}.mlp.up_proj`, down: `${prefix}.mlp.down_proj` };
      const fed = gatedMlp(g, norm(hidden, 'pre_feedforward_layernorm'), names, given.hidden_activation, false);
      hidden = g.node('Add', [hidden, norm(fed, 'post_feedforward_layernorm')]);
    }
    const weight = given.tie_word_embeddings ? TIED.name : TIED.otherName;
    const softcap = given.final_logit_softcapping;
    return {
      hidden: rmsNorm(g, hidden, 'model.norm.weight', eps, 1),
      head: { weight, ...(softcap === null ? {} : { softcap }) },
    };
  },
};
