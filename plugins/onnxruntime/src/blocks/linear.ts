import type { GraphBuilder } from '../onnx/graph-builder.js';

/**
 * A 2-d value, unchanged, but not before another 2-d value has been computed: adding the difference of a shape to itself
 * changes nothing but the order in which the runtime works, and with it what is in memory at a time.
 */
export function delayed(g: GraphBuilder, value: string, shape: readonly number[], after: string): string {
  return g.node('Reshape', [value, g.node('Add', [g.zerosAfter(after), g.ints(shape)])]);
}

/**
 * A weight as float32. A matrix in half precision is cast when its activation is there: one is alive at a time.
 * @param after a 2-d value that must have been computed
 */
export function matrixAsFloat(g: GraphBuilder, name: string, after: string): string {
  const raw = g.weight(name);
  return g.isFloat32(name) ? raw : castToFloat(g, delayed(g, raw, g.shapeOf(name), after));
}

/** A vector as float32: small enough to be cast whenever. */
export function vectorAsFloat(g: GraphBuilder, name: string): string {
  return g.isFloat32(name) ? g.weight(name) : castToFloat(g, g.weight(name));
}

export const castToFloat = (g: GraphBuilder, value: string): string => g.node('Cast', [value], { attributes: { to: { int: 1 } } });

/** y = x W^T + b, as torch's nn.Linear. x: [rows, in], W: [out, in] */
export function linear(g: GraphBuilder, x: string, weight: string, bias?: string): string {
  const inputs = [x, matrixAsFloat(g, weight, x), ...(bias === undefined ? [] : [vectorAsFloat(g, bias)])];
  return g.node('Gemm', inputs, { attributes: { transB: { int: 1 } } });
}

/** y = x W + b, as GPT-2's Conv1D. x: [rows, in], W: [in, out] */
export function conv1d(g: GraphBuilder, x: string, weight: string, bias: string): string {
  return g.node('Gemm', [x, matrixAsFloat(g, weight, x), vectorAsFloat(g, bias)]);
}

/** The same by the name of the layer: `.weight`, and `.bias` where it has one. */
export const layer = (g: GraphBuilder, x: string, name: string, bias: boolean): string =>
  linear(g, x, `${name}.weight`, bias ? `${name}.bias` : undefined);
