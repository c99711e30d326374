import type { AttentionRule, Inputs, KeyValueCache, RunShape } from '../architectures/architecture.js';
import { lastLogits, tokenLosses } from '../blocks/head.js';
import type { InspectedModel } from '../inspect.js';
import { ElementType } from './graph.js';
import { GraphBuilder } from './graph-builder.js';
import type { Target } from './target.js';

/** What of a model its graphs are made of. */
export type GraphModel = Pick<InspectedModel, 'architecture' | 'config' | 'tensors'>;

/** How every graph of one evaluator is built. */
export interface GraphOptions {
  target: Target;
  attention: AttentionRule;
}

/** Losses of each position: ids [batch, sequence], both fixed, labels [batch * (sequence - 1), 1]. */
export function lossGraph(
  model: GraphModel,
  batch: number,
  sequence: number,
  { target, attention }: GraphOptions,
): GraphBuilder {
  const g = new GraphBuilder(model.tensors, target);
  const inputs = declareInputs(g, batch, sequence);
  const labels = g.input({ name: 'labels', type: ElementType.INT64, dims: [batch * (sequence - 1), 1] });
  const { architecture, config } = model;
  const run = { positions: sequence, lengthAt: () => sequence, attention };
  const { hidden, head } = architecture.build(g, config, inputs, run);
  const width = architecture.width(config);
  g.output(
    { name: 'losses', type: ElementType.FLOAT, dims: [batch * (sequence - 1), 1] },
    tokenLosses(g, hidden, labels, head, { batch, sequence, width }),
  );
  return g;
}

/** Logits of the last position: ids [batch, sequence], both fixed. */
export function lastLogitsGraph(
  model: GraphModel,
  batch: number,
  sequence: number,
  { target, attention }: GraphOptions,
): GraphBuilder {
  const g = new GraphBuilder(model.tensors, target);
  const run = { positions: sequence, lengthAt: () => sequence, attention };
  return withLastLogits(g, declareInputs(g, batch, sequence), model, run);
}

/** Tokens that go on after others. Without a cache each run computes them all. */
export interface NextTokensRun extends Omit<RunShape, 'attention'> {
  batch: number;
  /** Whether tokens of the prompt are masked: the graph then takes what is added to the scores. */
  masked: boolean;
  cache?: KeyValueCache;
}

/** Logits of the last position of rows of any length. */
export function nextTokensGraph(
  model: GraphModel,
  { batch, masked, cache, ...run }: NextTokensRun,
  { target, attention }: GraphOptions,
): GraphBuilder {
  const g = new GraphBuilder(model.tensors, target);
  const dims = [batch, 1, 'sequence', 'length'];
  const bias = masked ? { attentionBias: g.input({ name: 'attention_bias', type: ElementType.FLOAT, dims }) } : {};
  const inputs = { ...declareInputs(g, batch, 'sequence'), ...bias, ...(cache === undefined ? {} : { cache }) };
  return withLastLogits(g, inputs, model, { ...run, attention });
}

function withLastLogits(g: GraphBuilder, inputs: Inputs, model: GraphModel, run: RunShape): GraphBuilder {
  const { architecture, config } = model;
  const { hidden, head } = architecture.build(g, config, inputs, run);
  const logits = lastLogits(g, hidden, head, inputs.batch, architecture.width(config));
  const dims = [inputs.batch, architecture.vocabularySize(config)];
  g.output({ name: 'logits', type: ElementType.FLOAT, dims }, logits);
  return g;
}

function declareInputs(g: GraphBuilder, batch: number, sequence: number | string): Inputs {
  const tokens = (name: string): string => g.input({ name, type: ElementType.INT64, dims: [batch, sequence] });
  return {
    batch,
    ids: tokens('ids'),
    positions: tokens('positions'),
    places: tokens('places'),
    lastIndex: g.input({ name: 'last_index', type: ElementType.INT32, dims: [batch] }),
    length: g.input({ name: 'length', type: ElementType.INT32, dims: [] }),
  };
}
