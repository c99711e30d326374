import type { GraphBuilder } from '../onnx/graph-builder.js';
import { activation } from './activation.js';
import { columns } from './fused-projection.js';
import { layer } from './linear.js';

/** Prefixes of `.weight` and, with biases, `.bias`. `gateUp` is one matrix for both, the gate's rows first: [2 * inner, width]. */
export type MlpNames = { down: string } & ({ gate: string; up: string } | { gateUp: string });

/** down(act(gate(x)) * up(x)) (Shazeer 2020). x: [rows, width] -> [rows, width] */
export function gatedMlp(g: GraphBuilder, x: string, names: MlpNames, act: string, biases: boolean): string {
  const [gate, up] =
    'gateUp' in names
      ? halves(g, layer(g, x, names.gateUp, biases), names.gateUp)
      : [layer(g, x, names.gate, biases), layer(g, x, names.up, biases)];
  return layer(g, g.node('Mul', [activation(g, act, gate), up]), names.down, biases);
}

/** Both halves of what one matrix gives: [rows, 2 * inner] -> [rows, inner] each */
function halves(g: GraphBuilder, both: string, name: string): [first: string, second: string] {
  const inner = (g.shapeOf(`${name}.weight`)[0] ?? 0) / 2;
  return [columns(g, both, 0, inner), columns(g, both, inner, 2 * inner)];
}
