import type { GraphBuilder } from '../onnx/graph-builder.js';
import type { Inputs } from '../architectures/architecture.js';

/** The fused kernel takes heads of whole vector registers only. */
const FUSED_MULTIPLE = 8;

export interface AttentionShape {
  heads: number;
  keyValueHeads: number;
  headDimension: number;
  /** Factor on the scores; 1/sqrt(headDimension) when left out. */
  scale?: number;
  /** Keys that a query sees, itself included; all earlier ones when left out. */
  window?: number;
  /** Scores become cap * tanh(score / cap). */
  softcap?: number;
}

/**
 * Causal attention with grouped keys and values (Vaswani et al. 2017; Ainslie et al. 2023).
 * q: [batch, sequence, heads * headDimension], k and v: [batch, sequence, keyValueHeads * headDimension]
 * @returns [batch * sequence, heads * headDimension]
 */
export function attention(g: GraphBuilder, inputs: Inputs, q: string, k: string, v: string, shape: AttentionShape): string {
  const { heads, keyValueHeads, headDimension } = shape;
  const width = Math.ceil(headDimension / FUSED_MULTIPLE) * FUSED_MULTIPLE;
  const context = fused(
    g,
    inputs,
    [widened(g, q, heads, headDimension, width), widened(g, k, keyValueHeads, headDimension, width), widened(g, v, keyValueHeads, headDimension, width)],
    shape,
  );
  return g.node('Reshape', [narrowed(g, context, heads, headDimension, width), g.ints([-1, heads * headDimension])]);
}

function fused(g: GraphBuilder, inputs: Inputs, [q, k, v]: readonly [string, string, string], shape: AttentionShape): string {
  const { heads, keyValueHeads, headDimension, scale, window, softcap } = shape;
  return g.node(
    'GroupQueryAttention',
    [q, k, v, '', '', inputs.lastIndex, inputs.length, '', '', '', ...(inputs.attentionBias === undefined ? [] : [inputs.attentionBias])],
    {
      domain: 'com.microsoft',
      outputs: 3,
      attributes: {
        num_heads: { int: heads },
        kv_num_heads: { int: keyValueHeads },
        scale: { float: scale ?? 1 / Math.sqrt(headDimension) },
        ...(window === undefined ? {} : { local_window_size: { int: window } }),
        ...(softcap === undefined ? {} : { softcap: { float: softcap } }),
      },
    },
  );
}

/** Zeros behind each head change no product. [batch, sequence, heads * from] -> [batch, sequence, heads * to] */
function widened(g: GraphBuilder, x: string, heads: number, from: number, to: number): string {
  if (from === to) return x;
  const split = g.node('Reshape', [x, g.ints([0, 0, heads, from])]);
  const padded = g.node('Pad', [split, g.ints([0, 0, 0, 0, 0, 0, 0, to - from])]);
  return g.node('Reshape', [padded, g.ints([0, 0, heads * to])]);
}

function narrowed(g: GraphBuilder, x: string, heads: number, from: number, to: number): string {
  if (from === to) return x;
  const split = g.node('Reshape', [x, g.ints([0, 0, heads, to])]);
  return g.node('Slice', [split, g.ints([0]), g.ints([from]), g.ints([3])]);
}

/** [batch * sequence, width] -> [batch, sequence, width] */
export const byRow = (g: GraphBuilder, inputs: Inputs, x: string, width: number): string =>
  g.node('Reshape', [x, g.ints([inputs.batch, -1, width])]);
