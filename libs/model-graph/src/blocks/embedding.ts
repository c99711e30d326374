import type { GraphBuilder } from '../graph/graph-builder.js';
import type { Inputs } from '../architectures/architecture.js';

/** Rows of a table by id, flattened. ids: [batch, sequence] -> [batch * sequence, width] */
export function embedding(g: GraphBuilder, ids: string, table: string): string {
  // Gathered before the conversion: only the rows in use are converted.
  const rows = g.node('Gather', [g.weight(table), ids]);
  const flat = g.node('Reshape', [rows, g.ints([-1, g.shapeOf(table)[1] ?? 0])]);
  return g.isReady(table) ? flat : g.converted(flat);
}

/** Rows of a table by place in the sequence, masked tokens counted like the others. -> [batch * sequence, width] */
export function positionEmbedding(g: GraphBuilder, inputs: Inputs, table: string, offset: number): string {
  return embedding(g, g.node('Add', [inputs.places, g.ints([offset])]), table);
}
