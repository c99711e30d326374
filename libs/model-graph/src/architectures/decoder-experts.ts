import type { z } from 'zod';
import type { ExpertNames } from '../blocks/experts.js';
import type { EnclosingTensor, ExpectedTensor } from './architecture.js';

/** A mixture of experts that stands for the MLP of a layer. */
export interface LayerExperts {
  count: number;
  /** Experts that a token goes through. */
  chosen: number;
  /** Whether the probabilities of the chosen ones are divided by their sum. */
  normalized: boolean;
  /** Rows of the gate and the up projection of an expert. */
  inner: number;
  naming: ExpertNaming;
  /** Files may hold the matrices of all experts of a layer in one tensor, as classes of transformers 5 keep them. */
  stacked: boolean;
}

/** How a class names the parts of a mixture. */
export interface ExpertNaming {
  /** Of the mixture in its layer. */
  module: string;
  gate: string;
  up: string;
  down: string;
}

/** Names of the matrices of a layer. layer: its prefix */
export function expertNames(layer: string, { module, gate, up, down }: ExpertNaming): ExpertNames {
  const matrix = (index: number, part: string): string => `${layer}.${module}.experts.${index}.${part}.weight`;
  return {
    router: `${layer}.${module}.gate.weight`,
    expert: (index) => ({ gate: matrix(index, gate), up: matrix(index, up), down: matrix(index, down) }),
  };
}

/** Router [count, width]; of each expert gate and up [inner, width] and down [width, inner]. layer: its prefix */
export function expertTensors(layer: string, width: number, experts: LayerExperts): ExpectedTensor[] {
  const { count, inner, naming } = experts;
  const names = expertNames(layer, naming);
  const [gateUpRows, matrix] = [2 * inner * width, inner * width];
  const within = (part: string, shape: number[], start: number): { within?: EnclosingTensor } =>
    experts.stacked ? { within: { name: `${layer}.${naming.module}.experts.${part}`, shape, start } } : {};
  const inGateUp = (start: number): { within?: EnclosingTensor } =>
    within('gate_up_proj', [count, 2 * inner, width], start);
  return [
    { name: names.router, shape: [count, width] },
    ...Array.from({ length: count }, (_none, index) => {
      const { gate, up, down } = names.expert(index);
      return [
        { name: gate, shape: [inner, width], ...inGateUp(index * gateUpRows) },
        { name: up, shape: [inner, width], ...inGateUp(index * gateUpRows + matrix) },
        { name: down, shape: [width, inner], ...within('down_proj', [count, width, inner], index * matrix) },
      ];
    }).flat(),
  ];
}

/** Layers with a mixture: real models have up to 94. The runtime loads their loops in time that grows with the square of their number. */
const MAX_LAYERS = 128;
/** Experts of a layer, 0 where a class takes none: real models have up to 512. */
const MAX_COUNT = 1024;
/**
 * Experts of all layers: real models have up to 15,616. Each has three tensors, and a model may use 100,000, those of up to
 * 512 layers of attention and norms among them.
 */
const MAX_TOTAL = 30_000;

/** Adds an issue where a mixture is none, or has more experts than can be followed. layers: those that have one */
export function requireExperts(
  { layers, count, chosen }: { layers: number; count: number; chosen: number },
  context: z.RefinementCtx,
): void {
  const issue = (message: string): void => {
    context.addIssue({ code: 'custom', message });
  };
  if (layers === 0) return;
  if (layers > MAX_LAYERS) issue(`at most ${MAX_LAYERS} layers may have experts`);
  if (count < 1 || count > MAX_COUNT) issue(`a layer must have 1 to ${MAX_COUNT} experts`);
  if (layers * count > MAX_TOTAL) issue(`all layers together may have ${MAX_TOTAL} experts`);
  if (chosen < 1 || chosen > count) issue('num_experts_per_tok must be between 1 and the number of experts');
}
