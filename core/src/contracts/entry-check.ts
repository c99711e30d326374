import type { ModelConstraints } from '../competition/competition.js';
import type { AssayError } from '../errors/assay-error.js';
import type { JsonObject } from '../model/json-object.js';
import type { ModelFacts, ModelReference, RepoFile, StoredFile } from './model.js';

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
}

/** What a competition says of its models. */
export interface EntryContext {
  constraints: ModelConstraints;
  /** Ids that the competition's tokenizer can give. */
  vocabularySize: number;
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
}

/** Whether a model may play, asked as soon as the answer can be known. Each method may be left out. */
export interface EntryCheck {
  listed?(model: ListedModel, context: EntryContext): Finding[];
  fetched?(model: FetchedModel, context: EntryContext): Finding[];
  inspected?(model: InspectedModel, context: EntryContext): Finding[];
}
