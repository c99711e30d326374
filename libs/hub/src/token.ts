import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { datasetErrors } from '@assay/core/datasets/errors';
import { keepSecret } from '@assay/core/errors/secrets';
import type { CredentialNeed } from '@assay/core/plugin/plugin';

type Environment = Readonly<Record<string, string | undefined>>;

/** What may stand in a header, and nothing that would need quoting. */
const TOKEN = /^[\x21-\x7e]+$/;

const VARIABLES = ['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN'];

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
  const token = await findToken(environment);
  if (token === undefined) throw datasetErrors.CREDENTIAL_MISSING({ variables, dataset, page });
  if (!isToken(token))
    throw datasetErrors.CREDENTIAL_REFUSED({
      variables,
      dataset,
      page,
      reason: 'it holds characters that no token has',
    });
  return token;
}

/**
 * The operator's token where the hub's own tools look for it, if there is one. It is a secret from then on.
 * @param first variables that are looked at before those of the hub's own tools
 */
export async function findToken(environment: Environment, first: readonly string[] = []): Promise<string | undefined> {
  const variable = [...first, ...VARIABLES].map((name) => environment[name]).find((value) => value !== undefined);
  const token = (variable ?? (await fromFile(environment)))?.trim();
  if (token === undefined || token === '') return undefined;
  keepSecret('HF_TOKEN', token);
  return token;
}

/** Whether a text may stand in a header as a token. */
export const isToken = (text: string): boolean => TOKEN.test(text);

async function fromFile(environment: Environment): Promise<string | undefined> {
  const cache = environment['XDG_CACHE_HOME'] ?? join(environment['HOME'] ?? homedir(), '.cache');
  const home = environment['HF_HOME'] ?? join(cache, 'huggingface');
  try {
    return await readFile(environment['HF_TOKEN_PATH'] ?? join(home, 'token'), 'utf8');
  } catch {
    return undefined;
  }
}
