import type { GraphBuilder } from '../graph/graph-builder.js';
import { vector } from './linear.js';

/** x / sqrt(mean(x^2) + eps) * (offset + weight) (Zhang and Sennrich 2019); Gemma stores weights around 0. x: [..., width] */
export function rmsNorm(g: GraphBuilder, x: string, weight: string, epsilon: number, offset = 0): string {
  const stored = vector(g, weight);
  if (g.target.whole === true)
    return g.block('RmsNorm', [x, stored], { epsilon: { float: epsilon }, offset: { float: offset } });
  return g.node(
    'SimplifiedLayerNormalization',
    [x, offset === 0 ? stored : g.node('Add', [stored, g.scalar(offset)])],
    {
      attributes: { axis: { int: -1 }, epsilon: { float: epsilon } },
    },
  );
}

/** [rows, heads * headDimension] -> [rows, heads, headDimension] */
export const ofHeads = (g: GraphBuilder, x: string, headDimension: number): string =>
  g.node('Reshape', [x, g.ints([0, -1, headDimension])]);

/** The same of each head by itself, by the weights of one. x: [rows, heads * headDimension], weight: [headDimension] */
export function rmsNormOfHeads(
  g: GraphBuilder,
  x: string,
  weight: string,
  headDimension: number,
  epsilon: number,
  offset = 0,
): string {
  return rmsNorm(g, ofHeads(g, x, headDimension), weight, epsilon, offset);
}

/** (x - mean) / sqrt(variance + eps) * weight + bias (Ba et al. 2016). x: [..., width] */
export function layerNorm(
  g: GraphBuilder,
  x: string,
  weight: string,
  bias: string | undefined,
  epsilon: number,
): string {
  const inputs = [x, vector(g, weight), ...(bias === undefined ? [] : [vector(g, bias)])];
  return g.node('LayerNormalization', inputs, { attributes: { axis: { int: -1 }, epsilon: { float: epsilon } } });
}
