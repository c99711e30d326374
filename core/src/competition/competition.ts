import type { RuleChoice } from '../contracts/rule.js';
import type { NoTokenizer, TokenizerReference } from '../contracts/tokenizer.js';

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
  tokenizer: TokenizerReference | NoTokenizer;
  /** Version of the library (transformers) by which its models are judged, e.g. `4.57`; the profile's when left out. */
  library?: string;
  /** How much better the later of two models has to be. */
  epsilon: RuleChoice;
  tasks: readonly EvalTask[];
  /** Who wins. */
  match: RuleChoice;
  /** What a round hands out; the profile's when left out. */
  standing?: RuleChoice;
  /** Who plays; the profile's when left out. */
  entrants?: RuleChoice;
  /** Whether a model may play, in this order; `limits`, which are the constraints, when left out. */
  entryChecks?: readonly RuleChoice[];
  /** What happens when a dataset can't be had. Others may judge on the full mix: to skip is to stay with them. */
  onDatasetFailure: 'skip-round' | 'renormalise';
}

/** A competition as its package may write it: today's spellings stand for rules of the preset. */
export interface CompetitionInput extends Omit<Competition, 'epsilon' | 'match'> {
  epsilon: RuleChoice | EpsilonShorthand;
  /** A rule, or `comparison`. */
  match?: RuleChoice;
  /** `mean-loss` is the rule of that name, `per-sequence` the rule `per-batch`. */
  comparison?: 'mean-loss' | 'per-sequence';
}

/** `type` in place of `rule`. */
export interface EpsilonShorthand {
  type: string;
  [parameter: string]: unknown;
}

export function defineCompetition(competition: CompetitionInput): CompetitionInput {
  return competition;
}
