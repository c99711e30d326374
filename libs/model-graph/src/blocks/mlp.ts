import type { GraphBuilder } from '../graph/graph-builder.js';
import { activation } from './activation.js';
import { layer } from './linear.js';

/** Prefixes of `.weight` and, with biases, `.bias`. `gateUp` is one matrix for both, the gate's rows first: [2 * inner, width]. */
export type MlpNames = { down: string } & ({ gate: string; up: string } | { gateUp: string });

/** down(act(gate(x)) * up(x)) (Shazeer 2020). x: [rows, width] -> [rows, width] */
export function gatedMlp(g: GraphBuilder, x: string, names: MlpNames, act: string, biases: boolean): string {
  const [gate, up] =
    'gateUp' in names
      ? halves(g, x, names.gateUp, biases)
      : [layer(g, x, names.gate, biases), layer(g, x, names.up, biases)];
  return layer(g, g.node('Mul', [activation(g, act, gate), up]), names.down, biases);
}

/** The two layers that one matrix holds: [2 * inner, width] */
function halves(g: GraphBuilder, x: string, name: string, biases: boolean): [first: string, second: string] {
  const [both = 0] = g.shapeOf(`${name}.weight`);
  const inner = both / 2;
  return [layer(g, x, name, biases, { start: 0, end: inner }), layer(g, x, name, biases, { start: inner, end: both })];
}
