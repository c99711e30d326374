import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { datasetErrors } from '@assay/core/datasets/errors';
import { keepSecret } from '@assay/core/errors/secrets';
import type { CredentialNeed } from '@assay/core/plugin/plugin';

type Environment = Readonly<Record<string, string | undefined>>;

/** What may stand in a header, and nothing that would need quoting. */
const TOKEN = /^[\x21-\x7e]+$/;

/** What a gated dataset of the hub needs: the variable, or the file in which the hub's own tools keep a token. */
export const hubToken = (dataset: string): CredentialNeed => ({
  variables: ['HF_TOKEN'],
  page: `https://huggingface.co/datasets/${dataset}`,
  files: ['${HF_TOKEN_PATH}', '${HF_HOME}/token', '${XDG_CACHE_HOME}/huggingface/token', '~/.cache/huggingface/token'],
});

/**
 * The operator's token where the hub's own tools look for it: HF_TOKEN, else the file that they keep.
 * @throws CREDENTIAL_MISSING, and CREDENTIAL_REFUSED for what can't be a token
 */
export async function requireToken(environment: Environment, dataset: string): Promise<string> {
  const { variables, page } = hubToken(dataset);
  const token = (
    environment['HF_TOKEN'] ??
    environment['HUGGING_FACE_HUB_TOKEN'] ??
    (await fromFile(environment))
  )?.trim();
  if (token === undefined || token === '') throw datasetErrors.CREDENTIAL_MISSING({ variables, dataset, page });
  if (!TOKEN.test(token))
    throw datasetErrors.CREDENTIAL_REFUSED({
      variables,
      dataset,
      page,
      reason: 'it holds characters that no token has',
    });
  keepSecret('HF_TOKEN', token);
  return token;
}

async function fromFile(environment: Environment): Promise<string | undefined> {
  const cache = environment['XDG_CACHE_HOME'] ?? join(environment['HOME'] ?? homedir(), '.cache');
  const home = environment['HF_HOME'] ?? join(cache, 'huggingface');
  try {
    return await readFile(environment['HF_TOKEN_PATH'] ?? join(home, 'token'), 'utf8');
  } catch {
    return undefined;
  }
}
