import type { Inputs } from '../architectures/architecture.js';
import type { GraphBuilder } from '../graph/graph-builder.js';

/** One projection that holds, for each group, its queries, then their key, then their value. */
interface FusedProjection {
  groups: number;
  /** Queries of one group. */
  queries: number;
  headDimension: number;
}

/**
 * Takes it apart. projected: [batch * sequence, groups * (queries + 2) * headDimension]
 * @returns queries [batch, sequence, groups * queries * headDimension], keys and values [batch, sequence, groups * headDimension]
 */
export function splitHeads(
  g: GraphBuilder,
  inputs: Inputs,
  projected: string,
  shape: FusedProjection,
): [q: string, k: string, v: string] {
  const { groups, queries, headDimension } = shape;
  const heads = g.node('Reshape', [projected, g.ints([inputs.batch, -1, groups, queries + 2, headDimension])]);
  const part = (from: number, to: number): string => {
    const taken = g.node('Slice', [heads, g.ints([from]), g.ints([to]), g.ints([3])]);
    return g.node('Reshape', [taken, g.ints([0, 0, groups * (to - from) * headDimension])]);
  };
  return [part(0, queries), part(queries, queries + 1), part(queries + 1, queries + 2)];
}
