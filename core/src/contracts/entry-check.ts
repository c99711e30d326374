import type { ModelConstraints } from '../competition/competition.js';
import type { AssayError } from '../errors/assay-error.js';
import type { JsonObject } from '../model/json-object.js';
import type { ModelFacts, ModelReference, RepoFile, StoredFile, UsedTensor } from './model.js';
import type { SampledDistance, WantedSimilarity } from './similarity.js';
import type { Seat } from './standing-rule.js';

/** One thing that a competition demands of a model, and what this one has. */
export interface Finding {
  /** What was looked at, in a word or two. */
  name: string;
  found: string | number;
  limit: string | number;
  /** Why the model may not play: a coded error of fault `miner`. */
  error?: AssayError;
  /** Why a person should look at the model, which may play; at most 500 characters. */
  suspicion?: string;
  /**
   * Of `compared` only: by how much the model has to be better than every earlier one beside epsilon, as a share of its loss,
   * from 0 below 1. The largest of all findings counts.
   */
  margin?: number;
}

/** What a competition says of its models. */
export interface EntryContext {
  constraints: ModelConstraints;
  /** Ids that the competition's tokenizer can give. */
  vocabularySize: number;
  /** Who claims the model; absent for a model that has not been claimed. */
  owner?: { hotkey: string; coldkey: string };
  /** The model that reigns, where the standing rule has defenders. */
  defender?: { reference: ModelReference; /** config.json, parsed. */ config: JsonObject };
}

/** A repo before anything of it is fetched. */
export interface ListedModel {
  reference: ModelReference;
  files: readonly RepoFile[];
  /** Of the whole repo. */
  totalBytes: number;
}

/** A model whose files are here; nothing of them has been opened. */
export interface FetchedModel {
  reference: ModelReference;
  /** The files that count, with their digests. */
  files: readonly StoredFile[];
}

/** A model that has been inspected. */
export interface InspectedModel extends FetchedModel {
  facts: ModelFacts;
  /** config.json, parsed. */
  config: JsonObject;
  /** Absent where the inspector does not list them. */
  tensors?: readonly UsedTensor[];
}

/** A contender of the same round whose claim is of an earlier block, and whose model is like the one that is looked at. */
export interface LikeModel extends Seat {
  /** Block of the claim. */
  block: number;
  /** Share of the weights of the model that is looked at in tensors that this one has too. */
  share: number;
  /** Absent where the check does not ask for it, or nothing can be compared. */
  distance?: SampledDistance;
}

/** A contender of a round, with what it is like. */
export interface ComparedModel extends Seat {
  /** Block of the claim. */
  block: number;
  /** In order of block, then uid. For each thing that is measured the three most alike are among them. */
  like: readonly LikeModel[];
}

/**
 * Whether a model may play, asked as soon as the answer can be known. Each method may be left out. Of the models of one round
 * `compared` is asked before any of them is scored, and again by each replay.
 */
export interface EntryCheck {
  listed?(model: ListedModel, context: EntryContext): Finding[];
  fetched?(model: FetchedModel, context: EntryContext): Finding[];
  inspected?(model: InspectedModel, context: EntryContext): Finding[];
  /** What `compared` wants to know. Nothing is computed for a check without it. */
  readonly compares?: WantedSimilarity;
  compared?(model: ComparedModel): Finding[];
}
