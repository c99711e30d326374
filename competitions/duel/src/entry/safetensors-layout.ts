import type { EntryCheck, Finding } from '@assay/core/contracts/entry-check';
import type { RepoFile } from '@assay/core/contracts/model';
import type { Rule } from '@assay/core/contracts/rule';
import type { AssayError } from '@assay/core/errors/assay-error';
import { verificationErrors } from '@assay/core/model/errors';
import { INDEX, isNeverOpened, WEIGHTS } from '@assay/core/model/files-that-count';
import { z } from 'zod';
import { duelErrors } from '../errors.js';

const SHARD = /^model-\d{5}-of-\d{5}\.safetensors$/;
const MAX_BYTES = 200e9;
/** Names of a message. */
const SHOWN = 5;

const parameters = z.strictObject({
  maxBytes: z.number().int().positive().default(MAX_BYTES).describe('Bytes of all safetensors together, at most.'),
});

/** Weights as `save_pretrained` names them. Looked at before anything is fetched. */
export const safetensorsLayout: Rule<EntryCheck, z.infer<typeof parameters>> = {
  name: 'safetensors-layout',
  version: 1,
  summary: 'Weights are model.safetensors, or an index and numbered shards, of at most so many bytes.',
  parameters,
  examples: [{}, { maxBytes: 20e9 }],
  bind: ({ maxBytes }) => ({
    listed: ({ files }) => {
      const weights = files.filter(({ path }) => path.endsWith('.safetensors'));
      return [namesFinding(files, weights), sizeFinding(weights, maxBytes)];
    },
  }),
};

function namesFinding(files: readonly RepoFile[], weights: readonly RepoFile[]): Finding {
  const error = namesError(files, weights);
  return {
    name: 'weight files',
    found: weights.length,
    limit: `${WEIGHTS}, or an index and shards`,
    ...withError(error),
  };
}

function namesError(files: readonly RepoFile[], weights: readonly RepoFile[]): AssayError | undefined {
  const has = (path: string): boolean => files.some((file) => file.path === path);
  if (weights.length === 0) {
    const others = files.map(({ path }) => path).filter(isNeverOpened);
    return verificationErrors.NO_SAFETENSORS({ files: others.slice(0, SHOWN).map((path) => path.slice(0, 200)) });
  }
  if (has(WEIGHTS)) return undefined;
  const shards = weights.filter(({ path }) => SHARD.test(path)).length;
  if (shards === 0)
    return duelErrors.WEIGHT_FILES_MISNAMED({ paths: weights.slice(0, SHOWN).map(({ path }) => path.slice(0, 200)) });
  return has(INDEX) ? undefined : duelErrors.SHARD_INDEX_MISSING({ shards });
}

function sizeFinding(weights: readonly RepoFile[], limit: number): Finding {
  const bytes = weights.reduce((sum, { size }) => sum + size, 0);
  const error = bytes > limit ? duelErrors.WEIGHTS_TOO_LARGE({ bytes, limit }) : undefined;
  return { name: 'weight bytes', found: bytes, limit, ...withError(error) };
}

const withError = (error: AssayError | undefined): { error?: AssayError } => (error ? { error } : {});
