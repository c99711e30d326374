import type { GraphBuilder } from '../onnx/graph-builder.js';
import type { Inputs } from '../architectures/architecture.js';

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
  const { heads, keyValueHeads, headDimension, scale, window, softcap } = shape;
  const context = g.node(
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
  return g.node('Reshape', [context, g.ints([-1, heads * headDimension])]);
}

/** [batch * sequence, width] -> [batch, sequence, width] */
export const byRow = (g: GraphBuilder, inputs: Inputs, x: string, width: number): string =>
  g.node('Reshape', [x, g.ints([inputs.batch, -1, width])]);
