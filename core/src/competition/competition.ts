import type { EpsilonDescription } from '../contracts/epsilon-function.js';
import type { TokenizerReference } from '../contracts/tokenizer.js';

/** What a model has to be to take part. */
export interface ModelConstraints {
  minParameters: number;
  maxParameters: number;
  /** Bytes of the whole repo at the committed revision. */
  maxBytes: number;
  /** Classes of the library, e.g. LlamaForCausalLM. */
  architectures: readonly string[];
  /** Tokens per evaluated sequence. A model whose positions end before is refused. */
  sequenceLength: number;
}

export type Normalization = { type: 'none' } | { type: 'inverse-exponential'; ceiling: number };

/** One part of a competition's score. */
export interface EvalTask {
  name: string;
  /** `text-loss`, ... */
  kind: string;
  /** Id of a dataset that some installed package provides. */
  dataset: string;
  /** Options of that dataset's own schema. */
  datasetOptions?: Readonly<Record<string, unknown>>;
  /** Pages to draw. This and the next three may stand here or among `parameters`. */
  pages?: number;
  batchSize?: number;
  packSamples?: boolean;
  /** Batches kept after the shuffle; all of them when left out. */
  maxBatches?: number;
  /** Further parameters of the kind, by its own schema. */
  parameters?: Readonly<Record<string, unknown>>;
  /**
   * Share of the score; the weights of a competition sum to 1. `samples` for all of its tasks: each has its number of
   * batches for a weight, so that the score is the mean over the batches of all of them.
   */
  weight: number | 'samples';
  normalization: Normalization;
}

/**
 * A competition: who may take part, on which data, and how much better the later must be. Plain data, so that it can be
 * shown, hashed and recorded.
 */
export interface Competition {
  /** Number that miners commit to. */
  id: number;
  /** Name in the config file and in tables. */
  name: string;
  /** Competitions whose commitments are judged here; its own when left out. */
  judges?: readonly number[];
  constraints: ModelConstraints;
  tokenizer: TokenizerReference;
  epsilon: EpsilonDescription;
  tasks: readonly EvalTask[];
  /** What a match is: the mean loss of a model, or its loss on each sequence. */
  comparison: 'mean-loss' | 'per-sequence';
  /** What happens when a dataset can't be had. Others may judge on the full mix: to skip is to stay with them. */
  onDatasetFailure: 'skip-round' | 'renormalise';
}

export function defineCompetition(competition: Competition): Competition {
  return competition;
}
