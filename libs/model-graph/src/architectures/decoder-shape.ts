import type { RotaryConfig } from '../blocks/rotary.js';
import { expertTensors, type LayerExperts } from './decoder-experts.js';
import { linearTensors, type AttentionRule, type ExpectedTensor } from './architecture.js';

/** What Llama and its relatives have in common, and the places in which they differ. */
export interface DecoderShape {
  vocabulary: number;
  width: number;
  inner: number;
  layers: number;
  heads: number;
  keyValueHeads: number;
  headDimension: number;
  epsilon: number;
  activation: string;
  tied: boolean;
  /** How a layer turns positions into angles. */
  rotary: (layer: number) => RotaryConfig;
  biases: { qkv: boolean; output: boolean; mlp: boolean };
  /** Biases are among the weights, but not added. */
  ignoresBiases?: boolean;
  /** Where a layer norms: what goes into attention and MLP (Llama, when left out), what comes out of them (OLMo 2), or both (Gemma 2). */
  norms?: 'before' | 'after' | 'both';
  /** Added to the weights of the norms. */
  normOffset?: number;
  /** Norm of queries and keys before they are rotated: of each head by itself (Qwen3), or of all heads together (OLMo 2). */
  queryKeyNorm?: 'head' | 'all';
  /** One matrix for queries, keys and values, and one for gate and up (Phi3). */
  fused?: boolean;
  /** The mixture that stands for the MLP of a layer; undefined where it has an MLP. */
  experts?: (layer: number) => LayerExperts | undefined;
  /** Factor on the embeddings. */
  embeddingScale?: number;
  /** Keys that a query sees in a layer, itself included; undefined for all before it. */
  window?: (layer: number, rule: AttentionRule) => number | undefined;
  /** Factor on the scores; 1/sqrt(headDimension) when left out. */
  scale?: number;
  /** Scores become cap * tanh(score / cap). */
  softcap?: number;
  /** The same of the logits. */
  finalSoftcap?: number;
}

export const EMBEDDING = 'model.embed_tokens.weight';
export const HEAD = 'lm_head.weight';
export const TIED = { name: EMBEDDING, otherName: HEAD };

/** Names of the norms of a layer: around attention, and around the MLP. */
export const NORMS = {
  before: [{ before: 'input_layernorm' }, { before: 'post_attention_layernorm' }],
  after: [{ after: 'post_attention_layernorm' }, { after: 'post_feedforward_layernorm' }],
  both: [
    { before: 'input_layernorm', after: 'post_attention_layernorm' },
    { before: 'pre_feedforward_layernorm', after: 'post_feedforward_layernorm' },
  ],
} as const satisfies Record<string, readonly [NamedNorms, NamedNorms]>;

/** Norms of what goes into a part of a layer, and of what comes out of it. */
export interface NamedNorms {
  before?: string;
  after?: string;
}

/** Every tensor of such a model: embedding [V, h], layers, last norm [h], and the head [V, h] unless it is tied. */
export function decoderTensors(shape: DecoderShape): ExpectedTensor[] {
  return [
    { name: EMBEDDING, shape: [shape.vocabulary, shape.width] },
    ...Array.from({ length: shape.layers }, (_none, index) => layerTensors(shape, index)).flat(),
    { name: 'model.norm.weight', shape: [shape.width] },
    ...(shape.tied ? [] : [{ name: HEAD, shape: [shape.vocabulary, shape.width] }]),
  ];
}

function layerTensors(shape: DecoderShape, index: number): ExpectedTensor[] {
  const prefix = `model.layers.${index}`;
  const experts = shape.experts?.(index);
  const norms = NORMS[shape.norms ?? 'before'].flatMap((around: NamedNorms) => Object.values(around) as string[]);
  return [
    ...norms.map((name) => ({ name: `${prefix}.${name}.weight`, shape: [shape.width] })),
    ...attentionTensors(shape, `${prefix}.self_attn`),
    ...(experts ? expertTensors(prefix, shape.width, experts) : mlpTensors(shape, `${prefix}.mlp`)),
  ];
}

function attentionTensors(shape: DecoderShape, name: string): ExpectedTensor[] {
  const { width, heads, keyValueHeads, headDimension, biases, queryKeyNorm } = shape;
  const [query, keyValue] = [heads * headDimension, keyValueHeads * headDimension];
  const normed = (all: number): number => (queryKeyNorm === 'all' ? all : headDimension);
  return [
    ...(shape.fused === true
      ? linearTensors(`${name}.qkv_proj`, query + 2 * keyValue, width, biases.qkv)
      : [
          ...linearTensors(`${name}.q_proj`, query, width, biases.qkv),
          ...linearTensors(`${name}.k_proj`, keyValue, width, biases.qkv),
          ...linearTensors(`${name}.v_proj`, keyValue, width, biases.qkv),
        ]),
    ...linearTensors(`${name}.o_proj`, width, query, biases.output),
    ...(queryKeyNorm === undefined
      ? []
      : [
          { name: `${name}.q_norm.weight`, shape: [normed(query)] },
          { name: `${name}.k_norm.weight`, shape: [normed(keyValue)] },
        ]),
  ];
}

function mlpTensors({ width, inner, biases, fused }: DecoderShape, name: string): ExpectedTensor[] {
  return [
    ...(fused === true
      ? linearTensors(`${name}.gate_up_proj`, 2 * inner, width, biases.mlp)
      : [
          ...linearTensors(`${name}.gate_proj`, inner, width, biases.mlp),
          ...linearTensors(`${name}.up_proj`, inner, width, biases.mlp),
        ]),
    ...linearTensors(`${name}.down_proj`, width, inner, biases.mlp),
  ];
}
