// OLMo (Groeneveld et al. 2024) for the built-in evaluator: Llama with norms that have no weights and clipped
// projections. A package names this module under `provides.modules.onnxruntime` (docs/build/architecture.md).
import { z } from 'zod';
import {
  activationName,
  attention,
  byRow,
  embedding,
  flag,
  gatedMlp,
  heads,
  layer,
  layers,
  linearTensors,
  optional,
  rotaryTable,
  rotate,
  size,
  theta,
} from '@assay/plugin-onnxruntime/architecture';

const EPSILON = 1e-5;
const EMBEDDING = 'model.embed_tokens.weight';
const HEAD = 'lm_head.weight';
const DEFAULT_SCALING = { type: 'default' };

const config = z
  .object({
    vocab_size: optional(size(), 50_304),
    hidden_size: optional(size(), 4096),
    intermediate_size: optional(size(), 11_008),
    num_hidden_layers: optional(layers(), 32),
    num_attention_heads: optional(heads(), 32),
    num_key_value_heads: heads().nullish(),
    hidden_act: activationName('silu'),
    rope_theta: theta(10_000),
    max_position_embeddings: optional(size(100_000_000), 2048),
    clip_qkv: z.number().positive().nullish(),
    attention_bias: flag(false),
    tie_word_embeddings: flag(false),
    rope_scaling: z.null().optional(),
  })
  .transform((given) => ({ ...given, num_key_value_heads: given.num_key_value_heads ?? given.num_attention_heads }))
  .refine(
    (given) => given.hidden_size % given.num_attention_heads === 0,
    'hidden_size must be divisible by num_attention_heads',
  )
  .refine(
    (given) => given.num_attention_heads % given.num_key_value_heads === 0,
    'num_attention_heads must be divisible by num_key_value_heads',
  );

/** Mean 0 and variance 1, and nothing learned. */
const norm = (g, x, width) =>
  g.node('LayerNormalization', [x, g.floats([width], new Float32Array(width).fill(1))], {
    attributes: { axis: { int: -1 }, epsilon: { float: EPSILON } },
  });

const clipped = (g, x, limit) => (limit == null ? x : g.node('Clip', [x, g.scalar(-limit), g.scalar(limit)]));

function selfAttention(g, given, inputs, table, x, name) {
  const {
    num_attention_heads: count,
    num_key_value_heads: groups,
    hidden_size: width,
    attention_bias: bias,
    clip_qkv: limit,
  } = given;
  const headDimension = width / count;
  const project = (part, parts) =>
    byRow(g, inputs, clipped(g, layer(g, x, `${name}.${part}`, bias), limit), parts * headDimension);
  const turned = (part, parts) => rotate(g, project(part, parts), inputs.positions, table, parts, headDimension);
  const context = attention(g, inputs, turned('q_proj', count), turned('k_proj', groups), project('v_proj', groups), {
    heads: count,
    keyValueHeads: groups,
    headDimension,
  });
  return layer(g, context, `${name}.o_proj`, bias);
}

function layerTensors(prefix, given) {
  const { hidden_size: width, intermediate_size: inner, attention_bias: bias } = given;
  const keyValue = (width / given.num_attention_heads) * given.num_key_value_heads;
  return [
    ...linearTensors(`${prefix}.self_attn.q_proj`, width, width, bias),
    ...linearTensors(`${prefix}.self_attn.k_proj`, keyValue, width, bias),
    ...linearTensors(`${prefix}.self_attn.v_proj`, keyValue, width, bias),
    ...linearTensors(`${prefix}.self_attn.o_proj`, width, width, bias),
    ...linearTensors(`${prefix}.mlp.gate_proj`, inner, width, false),
    ...linearTensors(`${prefix}.mlp.up_proj`, inner, width, false),
    ...linearTensors(`${prefix}.mlp.down_proj`, width, inner, false),
  ];
}

/** @type {import('@assay/plugin-onnxruntime/architecture').Architecture<z.infer<typeof config>>} */
export default {
  className: 'OlmoForCausalLM',
  modelType: 'olmo',
  config,
  prefix: 'model',
  tied: (given) => (given.tie_word_embeddings ? { name: EMBEDDING, otherName: HEAD } : undefined),
  generationDefaults: { eos_token_id: 50_279, pad_token_id: 1 },
  tensors: (given) => [
    { name: EMBEDDING, shape: [given.vocab_size, given.hidden_size] },
    ...Array.from({ length: given.num_hidden_layers }, (_none, index) =>
      layerTensors(`model.layers.${index}`, given),
    ).flat(),
    ...(given.tie_word_embeddings ? [] : [{ name: HEAD, shape: [given.vocab_size, given.hidden_size] }]),
  ],
  vocabularySize: (given) => given.vocab_size,
  maxPositions: () => undefined,
  width: (given) => given.hidden_size,
  build: (g, given, inputs, run) => {
    const { hidden_size: width, rope_theta: base, max_position_embeddings: maxPositions } = given;
    const table = rotaryTable(
      { dimension: width / given.num_attention_heads, theta: base, maxPositions, scaling: DEFAULT_SCALING },
      run.positions,
      run.lengthAt,
    );
    let hidden = embedding(g, inputs.ids, EMBEDDING);
    for (let index = 0; index < given.num_hidden_layers; index += 1) {
      const prefix = `model.layers.${index}`;
      hidden = g.node('Add', [
        hidden,
        selfAttention(g, given, inputs, table, norm(g, hidden, width), `${prefix}.self_attn`),
      ]);
      const names = { gate: `${prefix}.mlp.gate_proj`, up: `${prefix}.mlp.up_proj`, down: `${prefix}.mlp.down_proj` };
      hidden = g.node('Add', [hidden, gatedMlp(g, norm(g, hidden, width), names, given.hidden_act, false)]);
    }
    return { hidden: norm(g, hidden, width), head: { weight: given.tie_word_embeddings ? EMBEDDING : HEAD } };
  },
};
