import { z } from 'zod';

/** Source of a reference that names none: repos of two parts at a git commit. */
export const DEFAULT_SOURCE = 'hf';

/** A repo at a fixed revision, as a commitment names it. */
export const modelReference = z.object({
  /** Kind of place that has the repo: `oci` for a registry of images; DEFAULT_SOURCE when left out. */
  source: z
    .string()
    .regex(/^[a-z0-9]{1,16}$/)
    .optional(),
  /** Everything before the last part of the repo's name: a user or organisation, or several parts with `/` between. */
  namespace: z.string(),
  name: z.string(),
  /** `hf`: 40 lower-case hex digits of a commit. `oci`: `sha256:` and 64 of a digest. */
  revision: z.string(),
});
export type ModelReference = z.infer<typeof modelReference>;

/** The repo as people write it, e.g. `miner/llama` or `oci:registry.example/team/llama`. */
export function repoName({ source, namespace, name }: Pick<ModelReference, 'source' | 'namespace' | 'name'>): string {
  const repo = namespace === '' ? name : `${namespace}/${name}`;
  return source === undefined || source === DEFAULT_SOURCE ? repo : `${source}:${repo}`;
}

/** Whether two references mean the same files. */
export const isSameReference = (a: ModelReference, b: ModelReference): boolean =>
  repoName(a) === repoName(b) && a.revision === b.revision;

export interface RepoFile {
  /** Path inside the repo with `/` between parts. */
  path: string;
  /** Bytes. */
  size: number;
  /** Hex sha256 of the content, where the source states it. */
  sha256?: string;
  /** Hex id of the content as a git blob, where the source states it: sha1 over `blob SIZE`, a zero byte and the content. */
  gitOid?: string;
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

/** A tensor that the architecture uses. */
export const usedTensor = z.object({
  /** The architecture's own name for it, whatever the file calls it. */
  name: z.string(),
  /** Storage type, e.g. BF16. */
  dtype: z.string(),
  shape: z.array(z.number().int().nonnegative()),
  /** Hex sha256 of its bytes. */
  digest: z.string(),
  /** Present where it has several elements that are all equal, as a norm of ones. */
  constant: z.literal(true).optional(),
});
export type UsedTensor = z.infer<typeof usedTensor>;

/** Number of elements of a shape. */
export const elementsOf = (shape: readonly number[]): number =>
  shape.reduce((product, dimension) => product * dimension, 1);

/** A model that has passed every check of its way in. Only these are scored. */
export interface VerifiedModel extends StoredModel {
  facts: ModelFacts;
  /** Absent where the inspector does not list tensors. */
  tensors?: readonly UsedTensor[];
}
