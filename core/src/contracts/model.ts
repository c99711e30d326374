import { z } from 'zod';

/** A repo at a fixed revision, as a commitment names it. */
export const modelReference = z.object({
  /** User or organisation. */
  namespace: z.string(),
  name: z.string(),
  /** 40 lower-case hex digits. */
  revision: z.string(),
});
export type ModelReference = z.infer<typeof modelReference>;

export interface RepoFile {
  /** Path inside the repo with `/` between parts. */
  path: string;
  /** Bytes. */
  size: number;
}

export interface StoredFile extends RepoFile {
  /** Hex sha256 of the content, computed while it was stored. */
  sha256: string;
}

/** A model's files as they lie in the validator's own store. */
export interface StoredModel {
  reference: ModelReference;
  /** Absolute path. For use on this machine, never an identity. */
  directory: string;
  /** The files that count, in code-point order of path. */
  files: StoredFile[];
}

/** What inspection of a stored model finds. */
export const modelFacts = z.object({
  /** Class of the library that `model_type` selects, e.g. LlamaForCausalLM. */
  architecture: z.string(),
  /** Number of parameters of the built class, tied weights once. */
  parameterCount: z.number().int().nonnegative(),
  /** Width of the embedding's first axis. */
  vocabularySize: z.number().int().positive(),
  /** Longest sequence that the config allows, where it sets a limit. */
  maxPositions: z.number().int().positive().optional(),
  /**
   * Hex sha256 over the validated config, the generation config and name, dtype, shape and bytes of every tensor that
   * the architecture uses. Equal digests have equal losses under equal samples and numerics.
   */
  evaluationDigest: z.string(),
  /** Hex sha256 over the used tensors alone: equal here but not above is the same weights under another config. */
  tensorsDigest: z.string(),
  /** Tensors in the files that the architecture does not use: reported, neither counted nor loaded. */
  unusedTensors: z.array(z.string()),
  /** Storage types of the weights, e.g. ["BF16"]. */
  dtypes: z.array(z.string()),
  /** Sentences about what the files say and the evaluation does not heed, for the miner to read. Absent where there are none. */
  notes: z.array(z.string().max(500)).max(20).optional(),
});
export type ModelFacts = z.infer<typeof modelFacts>;

/** A model that has passed every check of its way in. Only these are scored. */
export interface VerifiedModel extends StoredModel {
  facts: ModelFacts;
}
