import { attention, byRow } from '../blocks/attention.js';
import { embedding } from '../blocks/embedding.js';
import { linear } from '../blocks/linear.js';
import { gatedMlp } from '../blocks/mlp.js';
import { rmsNorm } from '../blocks/norm.js';
import { rotaryTable, rotate, type RotaryConfig } from '../blocks/rotary.js';
import type { Head } from '../blocks/head.js';
import type { GraphBuilder } from '../onnx/graph-builder.js';
import type { AttentionRule, ExpectedTensor, Inputs, RunShape } from './architecture.js';

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
  rotary: RotaryConfig;
  biases: { qkv: boolean; output: boolean; mlp: boolean };
  /** Biases are among the weights, but not added. */
  ignoresBiases?: boolean;
  /** Keys that a query sees in a layer, itself included; undefined for all before it. */
  window?: (layer: number, rule: AttentionRule) => number | undefined;
  /** Added to the weights of the norms. */
  normOffset?: number;
  /** Factor on the embeddings. */
  embeddingScale?: number;
}

const EMBEDDING = 'model.embed_tokens.weight';
const HEAD = 'lm_head.weight';
const NO_BIASES = { qkv: false, output: false, mlp: false };
export const TIED = { name: EMBEDDING, otherName: HEAD };

export function decoderTensors(shape: DecoderShape): ExpectedTensor[] {
  const { width, inner, heads, keyValueHeads, headDimension, biases } = shape;
  const query = heads * headDimension;
  const keyValue = keyValueHeads * headDimension;
  const projection = (name: string, out: number, into: number, bias: boolean): ExpectedTensor[] => [
    { name: `${name}.weight`, shape: [out, into] },
    ...(bias ? [{ name: `${name}.bias`, shape: [out] }] : []),
  ];
  const layer = (prefix: string): ExpectedTensor[] => [
    { name: `${prefix}.input_layernorm.weight`, shape: [width] },
    ...projection(`${prefix}.self_attn.q_proj`, query, width, biases.qkv),
    ...projection(`${prefix}.self_attn.k_proj`, keyValue, width, biases.qkv),
    ...projection(`${prefix}.self_attn.v_proj`, keyValue, width, biases.qkv),
    ...projection(`${prefix}.self_attn.o_proj`, width, query, biases.output),
    { name: `${prefix}.post_attention_layernorm.weight`, shape: [width] },
    ...projection(`${prefix}.mlp.gate_proj`, inner, width, biases.mlp),
    ...projection(`${prefix}.mlp.up_proj`, inner, width, biases.mlp),
    ...projection(`${prefix}.mlp.down_proj`, width, inner, biases.mlp),
  ];
  return [
    { name: EMBEDDING, shape: [shape.vocabulary, width] },
    ...Array.from({ length: shape.layers }, (_none, index) => layer(`model.layers.${index}`)).flat(),
    { name: 'model.norm.weight', shape: [width] },
    ...(shape.tied ? [] : [{ name: HEAD, shape: [shape.vocabulary, width] }]),
  ];
}

/** Pre-norm blocks of rotary attention and gated MLP (Touvron et al. 2023). */
export function buildDecoder(
  g: GraphBuilder,
  shape: DecoderShape,
  inputs: Inputs,
  run: RunShape,
): { hidden: string; head: Head } {
  const table = rotaryTable(shape.rotary, run.positions, run.lengthAt);
  const { heads, keyValueHeads, headDimension, epsilon, normOffset, embeddingScale } = shape;
  const biases = shape.ignoresBiases === true ? NO_BIASES : shape.biases;
  const embedded = embedding(g, inputs.ids, EMBEDDING);
  let hidden = embeddingScale === undefined ? embedded : g.node('Mul', [embedded, g.scalar(embeddingScale)]);
  for (let index = 0; index < shape.layers; index += 1) {
    const prefix = `model.layers.${index}`;
    const normed = rmsNorm(g, hidden, `${prefix}.input_layernorm.weight`, epsilon, normOffset);
    const project = (name: string): string =>
      linear(
        g,
        normed,
        `${prefix}.self_attn.${name}.weight`,
        biases.qkv ? `${prefix}.self_attn.${name}.bias` : undefined,
      );
    const [q, k, v] = [project('q_proj'), project('k_proj'), project('v_proj')];
    const rotated = rotate(
      g,
      byRow(g, inputs, q, heads * headDimension),
      inputs.positions,
      table,
      heads,
      headDimension,
    );
    const rotatedKeys = rotate(
      g,
      byRow(g, inputs, k, keyValueHeads * headDimension),
      inputs.positions,
      table,
      keyValueHeads,
      headDimension,
    );
    const context = attention(g, inputs, rotated, rotatedKeys, byRow(g, inputs, v, keyValueHeads * headDimension), {
      heads,
      keyValueHeads,
      headDimension,
      window: shape.window?.(index, run.attention),
    });
    const attended = linear(
      g,
      context,
      `${prefix}.self_attn.o_proj.weight`,
      biases.output ? `${prefix}.self_attn.o_proj.bias` : undefined,
    );
    hidden = g.node('Add', [hidden, attended]);
    const normedAgain = rmsNorm(g, hidden, `${prefix}.post_attention_layernorm.weight`, epsilon, normOffset);
    const names = { gate: `${prefix}.mlp.gate_proj`, up: `${prefix}.mlp.up_proj`, down: `${prefix}.mlp.down_proj` };
    hidden = g.node('Add', [hidden, gatedMlp(g, normedAgain, names, shape.activation, biases.mlp)]);
  }
  return {
    hidden: rmsNorm(g, hidden, 'model.norm.weight', epsilon, normOffset),
    head: { weight: shape.tied ? EMBEDDING : HEAD },
  };
}
