import type { ElementTypeNumber } from '../graph/graph.js';
import type { GraphBuilder } from '../graph/graph-builder.js';

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

/** Rows `start` to `end` of a matrix, `end` not included. */
export interface Rows {
  start: number;
  end: number;
}

/**
 * A matrix, or some of its rows, in the type in which is computed. One that is stored in another type is converted when
 * its activation is there, so that one is alive at a time.
 * @param after a 2-d value that must have been computed
 */
function matrix(g: GraphBuilder, name: string, after: string, rows?: Rows): string {
  const raw = rows === undefined ? g.weight(name) : g.weightRows(name, rows.start, rows.end);
  if (g.isReady(name)) return raw;
  const [all = 0, width = 0] = g.shapeOf(name);
  const dims = [rows === undefined ? all : rows.end - rows.start, width];
  return g.converted(delayed(g, raw, { type: g.typeOf(name), dims }, after));
}

/** A vector, or some of its elements, in the type in which is computed: small enough to be converted at any time. */
export function vector(g: GraphBuilder, name: string, rows?: Rows): string {
  const raw = rows === undefined ? g.weight(name) : g.weightRows(name, rows.start, rows.end);
  return g.isReady(name) ? raw : g.converted(raw);
}

/**
 * y = x W^T + b, as torch's nn.Linear. x: [rows, in], W: [out, in]
 * @param part rows of W and b, for one of several projections that are stored as one
 */
export function linear(g: GraphBuilder, x: string, weight: string, bias?: string, part?: Rows): string {
  const inputs = [x, matrix(g, weight, x, part), ...(bias === undefined ? [] : [vector(g, bias, part)])];
  return g.node('Gemm', inputs, { attributes: { transB: { int: 1 } } });
}

/** y = x W + b, as GPT-2's Conv1D. x: [rows, in], W: [in, out] */
export function conv1d(g: GraphBuilder, x: string, weight: string, bias: string): string {
  return g.node('Gemm', [x, matrix(g, weight, x), vector(g, bias)]);
}

/** The same by the name of the layer: `.weight`, and `.bias` where it has one. */
export const layer = (g: GraphBuilder, x: string, name: string, bias: boolean, part?: Rows): string =>
  linear(g, x, `${name}.weight`, bias ? `${name}.bias` : undefined, part);
