import { ParseFailure, pythonInt } from './python-int.js';

export { ParseFailure } from './python-int.js';

/** A commitment as the reference's parser reads it, quirks included. */
export interface ParsedModelId {
  namespace: string;
  name: string;
  commit: string | null;
  hash: string | null;
  secureHash: string | null;
  competitionId: bigint;
}

const MAX_REPO_ID_LENGTH = 38;
const NONE = 'None';

/**
 * `namespace:name:commit:secure_hash:competition_id`; fewer than five tokens are the legacy form, whose fourth token is
 * both hash and secure hash (taoverse ModelId.from_compressed_str).
 * @throws ParseFailure where Python raises
 */
export function parseModelId(text: string, defaultCompetition = 0n): ParsedModelId {
  const tokens = text.split(':');
  const token = (index: number): string => {
    const found = tokens[index];
    if (found === undefined) throw new ParseFailure('IndexError', 'list index out of range');
    return found;
  };
  const optional = (index: number): string | null => (token(index) === NONE ? null : token(index));
  const legacy = tokens.length < 5;
  return {
    namespace: token(0),
    name: token(1),
    commit: optional(2),
    hash: legacy ? optional(3) : null,
    secureHash: optional(3),
    competitionId: legacy ? defaultCompetition : pythonInt(token(4)),
  };
}

export function compressModelId(id: ParsedModelId): string {
  return [id.namespace, id.name, id.commit ?? NONE, id.secureHash ?? NONE, id.competitionId.toString()].join(':');
}

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
