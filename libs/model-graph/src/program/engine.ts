import type { TextLossTask } from '@assay/core/kinds/text-loss/schemas';
import type { TokenRows } from '../generation/growing-tokens.js';
import type { NextTokensRun } from '../graph/model-graphs.js';
import type { InspectedModel } from '../inspect.js';

/** One sample of a task: [row][token] */
export interface Sample {
  /** Its index in the file of samples. */
  sample: number;
  rows: number[][];
}

/** What decides which positions of a sample count. */
export type LossRules = Pick<TextLossTask, 'packed' | 'padTokenId'>;

/** What an engine computes of one model. */
export interface EngineModel {
  /** Milliseconds that weights and graphs took to load so far. */
  readonly loadMs: number;
  /** Mean cross entropy in nats of each sample, in their order. A sample that is no number has a loss that is none. */
  losses(samples: AsyncIterable<Sample>, rules: LossRules, signal: AbortSignal): AsyncIterable<SampleLoss>;
  /** Logits behind the last token of each row, all rows of one length: [row][vocabulary] */
  lastLogits(rows: readonly (readonly number[])[]): Promise<Float32Array[]>;
  /** Rows that go on token by token. */
  tokenRows(run: Omit<NextTokensRun, 'cache'>): Promise<TokenRows>;
  /** Gives back what only one kind of work needs; the next call loads it again. */
  rest(): Promise<void>;
  release(): Promise<void>;
}

export interface SampleLoss {
  sample: number;
  loss: number;
}

/** What computes the graphs of models. */
export interface Engine {
  /** As the hello says it. */
  name: string;
  /** Whatever could move a digit: device, compute type, runtime, attention and the engine's own. */
  numerics: { device: string; computeType: string; runtime: string; attention: string } & Record<string, string>;
  open(model: InspectedModel): Promise<EngineModel>;
  /** Makes ready a model that comes next: what is wrong with it shows when it is evaluated. */
  prepare(model: InspectedModel, signal: AbortSignal): Promise<void>;
  /** Resolves when it can't compute any more, for good: the program ends then. */
  gone?: Promise<void>;
}
