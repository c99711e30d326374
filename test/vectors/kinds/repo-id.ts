import { ParseFailure } from '@assay/core/model/model-id';

const MAX_REPO_ID_LENGTH = 38;

/**
 * The reference's check of a repo id: not empty, 3 to 38 characters, two parts (taoverse validate_hf_repo_id).
 * @returns namespace and name
 * @throws ParseFailure where Python raises
 */
export function splitRepoId(repoId: string): [namespace: string, name: string] {
  const length = Array.from(repoId).length;
  if (length === 0) throw new ParseFailure('ValueError', 'Hugging Face repo id cannot be empty.');
  // The message says 3; the reference's comparison leaves 3 out.
  if (length <= 3 || length > MAX_REPO_ID_LENGTH) {
    throw new ParseFailure(
      'ValueError',
      `Hugging Face repo id must be between 3 and ${MAX_REPO_ID_LENGTH} characters.`,
    );
  }
  const [namespace, name, ...rest] = repoId.split('/');
  if (namespace === undefined || name === undefined || rest.length > 0) {
    throw new ParseFailure('ValueError', 'Hugging Face repo id must be in the format <org or user name>/<repo_name>.');
  }
  return [namespace, name];
}
