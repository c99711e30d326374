import type { GraphBuilder } from '../onnx/graph-builder.js';
import { activation } from './activation.js';
import { layer, type Rows } from './linear.js';

/** Names of the layers of a gated MLP; `gateUp` holds the rows of the gate, then those of the other factor. */
export type GatedNames = { gate: string; up: string; down: string } | { gateUp: string; down: string };

/** down(act(gate(x)) * up(x)) (Shazeer 2020). Names are prefixes of `.weight` and, with biases, `.bias`. */
export function gatedMlp(g: GraphBuilder, x: string, names: GatedNames, act: string, biases: boolean): string {
  const project = (name: string, part?: Rows): string => layer(g, x, name, biases, part);
  const factors = (): [gate: string, up: string] => {
    if ('gate' in names) return [project(names.gate), project(names.up)];
    const [both = 0] = g.shapeOf(`${names.gateUp}.weight`);
    const inner = both / 2;
    return [project(names.gateUp, { start: 0, end: inner }), project(names.gateUp, { start: inner, end: both })];
  };
  const [gate, up] = factors();
  return layer(g, g.node('Mul', [activation(g, act, gate), up]), names.down, biases);
}
