import type { ElementTypeNumber } from '../onnx/encode.js';
import type { GraphBuilder } from '../onnx/graph-builder.js';

/**
 * A 2-d value, unchanged, but not before another 2-d value has been computed: adding the difference of a shape to itself
 * changes nothing but the order in which the runtime works, and with it what is in memory at a time.
 */
export function delayed(
  g: GraphBuilder,
  value: string,
  { type, dims }: { type: ElementTypeNumber; dims: readonly number[] },
  after: string,
): string {
  return g.known(g.node('Reshape', [value, g.node('Add', [g.zerosAfter(after), g.ints(dims)])]), type, dims);
}

/**
 * A matrix in the type in which is computed. One that is stored in another type is converted when its activation is
 * there, so that one is alive at a time.
 * @param after a 2-d value that must have been computed
 */
export function matrix(g: GraphBuilder, name: string, after: string): string {
  const raw = g.weight(name);
  return g.isReady(name) ? raw : g.converted(delayed(g, raw, { type: g.typeOf(name), dims: g.shapeOf(name) }, after));
}

/** A vector in the type in which is computed: small enough to be converted whenever. */
export function vector(g: GraphBuilder, name: string): string {
  return g.isReady(name) ? g.weight(name) : g.converted(g.weight(name));
}

/** y = x W^T + b, as torch's nn.Linear. x: [rows, in], W: [out, in] */
export function linear(g: GraphBuilder, x: string, weight: string, bias?: string): string {
  const inputs = [x, matrix(g, weight, x), ...(bias === undefined ? [] : [vector(g, bias)])];
  return g.node('Gemm', inputs, { attributes: { transB: { int: 1 } } });
}

/** y = x W + b, as GPT-2's Conv1D. x: [rows, in], W: [in, out] */
export function conv1d(g: GraphBuilder, x: string, weight: string, bias: string): string {
  return g.node('Gemm', [x, matrix(g, weight, x), vector(g, bias)]);
}

/** The same by the name of the layer: `.weight`, and `.bias` where it has one. */
export const layer = (g: GraphBuilder, x: string, name: string, bias: boolean): string =>
  linear(g, x, `${name}.weight`, bias ? `${name}.bias` : undefined);
