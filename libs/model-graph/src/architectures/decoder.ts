import { attention, byRow } from '../blocks/attention.js';
import { embedding } from '../blocks/embedding.js';
import { experts } from '../blocks/experts.js';
import type { Head } from '../blocks/head.js';
import { layer, type Rows } from '../blocks/linear.js';
import { gatedMlp } from '../blocks/mlp.js';
import { rmsNorm, rmsNormOfHeads } from '../blocks/norm.js';
import { rotaryTable, rotate, type RotaryTable } from '../blocks/rotary.js';
import type { GraphBuilder } from '../graph/graph-builder.js';
import type { Inputs, RunShape } from './architecture.js';
import { expertNames } from './decoder-experts.js';
import { EMBEDDING, HEAD, NORMS, type DecoderShape, type NamedNorms } from './decoder-shape.js';

const NO_BIASES = { qkv: false, output: false, mlp: false };

/** What the parts of a layer are built from. */
interface Building {
  g: GraphBuilder;
  shape: DecoderShape;
  /** Those that are added. */
  biases: DecoderShape['biases'];
  inputs: Inputs;
  run: RunShape;
  /** One for each way of turning positions into angles: layers share them. */
  tableOf: (layer: number) => RotaryTable;
}

/** Blocks of rotary attention and gated MLP, each added to what goes into it (Touvron et al. 2023). */
export function buildDecoder(
  g: GraphBuilder,
  shape: DecoderShape,
  inputs: Inputs,
  run: RunShape,
): { hidden: string; head: Head } {
  const { epsilon, normOffset, embeddingScale, finalSoftcap } = shape;
  const biases = shape.ignoresBiases === true ? NO_BIASES : shape.biases;
  const building: Building = { g, shape, biases, inputs, run, tableOf: rotaryTables(shape, run) };
  const [aroundAttention, aroundMlp] = NORMS[shape.norms ?? 'before'];
  const embedded = embedding(g, inputs.ids, EMBEDDING);
  let hidden = embeddingScale === undefined ? embedded : g.node('Mul', [embedded, g.scalar(embeddingScale)]);
  for (let index = 0; index < shape.layers; index += 1) {
    hidden = added(building, hidden, index, aroundAttention, (x) => selfAttention(building, x, index));
    hidden = added(building, hidden, index, aroundMlp, (x) => mlp(building, x, index));
  }
  return {
    hidden: rmsNorm(g, hidden, 'model.norm.weight', epsilon, normOffset),
    head: {
      weight: shape.tied ? EMBEDDING : HEAD,
      ...(finalSoftcap === undefined ? {} : { softcap: finalSoftcap }),
    },
  };
}

function rotaryTables({ rotary }: DecoderShape, run: RunShape): Building['tableOf'] {
  const tables = new Map<string, RotaryTable>();
  return (index) => {
    const config = rotary(index);
    const key = JSON.stringify(config);
    const table = tables.get(key) ?? rotaryTable(config, run.positions, run.lengthAt);
    tables.set(key, table);
    return table;
  };
}

/** x + norm(part(norm(x))), each norm where the shape has it. hidden: [rows, width] */
function added(
  { g, shape: { epsilon, normOffset } }: Building,
  hidden: string,
  index: number,
  { before, after }: NamedNorms,
  part: (x: string) => string,
): string {
  const norm = (x: string, name: string | undefined): string =>
    name === undefined ? x : rmsNorm(g, x, `model.layers.${index}.${name}.weight`, epsilon, normOffset);
  return g.node('Add', [hidden, norm(part(norm(hidden, before)), after)]);
}

/** [rows, width] -> [rows, width] */
function selfAttention(building: Building, x: string, index: number): string {
  const { g, shape, biases, inputs, run, tableOf } = building;
  const { heads, keyValueHeads, headDimension, scale, softcap } = shape;
  const name = `model.layers.${index}.self_attn`;
  const [q, k, v] = projections(building, x, name);
  const turned = (projected: string, norm: string, count: number): string => {
    const normed = byRow(g, inputs, normedHeads(building, projected, norm), count * headDimension);
    return rotate(g, normed, inputs.positions, tableOf(index), count, headDimension);
  };
  const context = attention(
    g,
    inputs,
    turned(q, `${name}.q_norm.weight`, heads),
    turned(k, `${name}.k_norm.weight`, keyValueHeads),
    byRow(g, inputs, v, keyValueHeads * headDimension),
    {
      heads,
      keyValueHeads,
      headDimension,
      window: shape.window?.(index, run.attention),
      ...(scale === undefined ? {} : { scale }),
      ...(softcap === undefined ? {} : { softcap }),
    },
  );
  return layer(g, context, `${name}.o_proj`, biases.output);
}

/** @returns queries [rows, heads * headDimension], keys and values [rows, keyValueHeads * headDimension] */
function projections({ g, shape, biases }: Building, x: string, name: string): [q: string, k: string, v: string] {
  const project = (part: string, rows?: Rows): string => layer(g, x, `${name}.${part}`, biases.qkv, rows);
  if (shape.fused !== true) return [project('q_proj'), project('k_proj'), project('v_proj')];
  const [query, keyValue] = [shape.heads * shape.headDimension, shape.keyValueHeads * shape.headDimension];
  const rowsFrom = (start: number, count: number): Rows => ({ start, end: start + count });
  return [
    project('qkv_proj', rowsFrom(0, query)),
    project('qkv_proj', rowsFrom(query, keyValue)),
    project('qkv_proj', rowsFrom(query + keyValue, keyValue)),
  ];
}

/** projected: [rows, heads * headDimension], normed as the shape says */
function normedHeads({ g, shape }: Building, projected: string, weight: string): string {
  const { queryKeyNorm, headDimension, epsilon, normOffset } = shape;
  if (queryKeyNorm === 'all') return rmsNorm(g, projected, weight, epsilon, normOffset);
  if (queryKeyNorm === 'head') return rmsNormOfHeads(g, projected, weight, headDimension, epsilon, normOffset);
  return projected;
}

/** [rows, width] -> [rows, width] */
function mlp({ g, shape, biases }: Building, x: string, index: number): string {
  const mixture = shape.experts?.(index);
  if (mixture) {
    const names = expertNames(`model.layers.${index}`, mixture.naming);
    return experts(g, x, { ...mixture, activation: shape.activation }, names);
  }
  const name = `model.layers.${index}.mlp`;
  const first =
    shape.fused === true ? { gateUp: `${name}.gate_up_proj` } : { gate: `${name}.gate_proj`, up: `${name}.up_proj` };
  return gatedMlp(g, x, { ...first, down: `${name}.down_proj` }, shape.activation, biases.mlp);
}
