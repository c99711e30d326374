import type { GraphBuilder } from '../onnx/graph-builder.js';
import { activation } from './activation.js';
import { linear } from './linear.js';

/** down(act(gate(x)) * up(x)) (Shazeer 2020). Names are prefixes of `.weight` and, with biases, `.bias`. */
export function gatedMlp(
  g: GraphBuilder,
  x: string,
  names: { gate: string; up: string; down: string },
  act: string,
  biases: boolean,
): string {
  const project = (input: string, name: string): string =>
    linear(g, input, `${name}.weight`, biases ? `${name}.bias` : undefined);
  const gated = g.node('Mul', [activation(g, act, project(x, names.gate)), project(x, names.up)]);
  return project(gated, names.down);
}
