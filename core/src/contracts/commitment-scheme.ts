import type { JsonObject } from '../model/json-object.js';
import type { ModelReference, RepoFile, StoredFile } from './model.js';

/** What a commitment says: a model at a fixed revision, and what binds its files to the owner. */
export interface Claim {
  reference: ModelReference;
  /** What the files have to come to, in the scheme's own notation. */
  proof: string;
  /** Number of the competition; null where the scheme names none, because the subnet has one. */
  competition: number | null;
}

/** The small files that decide what else counts; those that the repo has. */
export interface RepoDocuments {
  /** config.json itself. */
  config: JsonObject;
  /** The file that config.json names for this version of the library, where it is another one. */
  versionedConfig?: JsonObject;
  /** null: the repo has one, but it is no JSON object. */
  tokenizerConfig?: JsonObject | null;
  /** Of weights in shards. */
  index?: JsonObject;
}

/** Why a file of a repo counts, or is left alone: for people. */
export interface FileReason {
  path: string;
  counts: boolean;
  why: string;
}

/** How miners name their models on chain. */
export interface CommitmentScheme {
  /** Where the chain holds the texts. */
  readonly readFrom: 'commitments' | 'revealed-commitments';
  /** Claims of earlier blocks do not count; 0 when left out. */
  readonly fromBlock?: number;
  /**
   * @param text at most 1,024 bytes of UTF-8
   * @throws a coded error of fault `miner` that says what is wrong: the claim is refused until it changes
   */
  parse(text: string): Claim;
  /** The text of a claim, as the miner of this hotkey commits it. */
  format(claim: Claim, hotkey: string): string;
  /**
   * The files of a repo that count: they are fetched and bound to the owner, and nothing else is.
   * @throws a coded error of fault `miner` when the repo lacks what a model needs
   */
  filesThatCount(files: readonly RepoFile[], documents: RepoDocuments): RepoFile[];
  /** Why, file by file, in the order of the list; `filesThatCount` decides by the same rules. */
  explainFiles?(files: readonly RepoFile[], documents: RepoDocuments): FileReason[];
  /** What a claim to these files has to carry as `proof` when this hotkey makes it. */
  proofOf(model: { reference: ModelReference; files: readonly StoredFile[] }, hotkey: string): string;
}
