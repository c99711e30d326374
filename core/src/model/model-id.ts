import { commitmentErrors } from './errors.js';
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

/** A commitment that names a model for certain. */
export interface CommittedModel {
  namespace: string;
  name: string;
  /** 40 lower-case hex digits. */
  revision: string;
  /** base64 of a sha256. */
  secureHash: string;
  competitionId: number;
}

/** The longest text that any way of committing to a model can hold. */
const MAX_CLAIM_BYTES = 1024;
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

const REPO_PART = /^[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?$/;

/** Assay's rule on top of the parser: only what can be fetched at a fixed revision and checked is a model. */
export function validateCommitment(commitment: string): CommittedModel {
  const refuse = (reason: string): never => {
    throw commitmentErrors.COMMITMENT_MALFORMED({ reason, commitment: commitment.slice(0, 256) });
  };
  if (Buffer.byteLength(commitment, 'utf8') > MAX_CLAIM_BYTES) refuse(`it is longer than ${MAX_CLAIM_BYTES} bytes`);
  const parts = commitment.split(':');
  if (parts.length !== 5) refuse(`it has ${parts.length} parts instead of 5`);
  const [namespace = '', name = '', revision = '', secureHash = '', competition = ''] = parts;
  for (const part of [namespace, name]) {
    if (!REPO_PART.test(part) || part.includes('..') || part.includes('--') || part.endsWith('.git')) {
      throw commitmentErrors.REPO_ID_INVALID({
        reason: 'The repo id is not one that the hub can have.',
        repoId: `${namespace}/${name}`,
      });
    }
  }
  if (namespace.length + name.length + 1 > MAX_REPO_ID_LENGTH) {
    throw commitmentErrors.REPO_ID_INVALID({
      reason: `The repo id is longer than ${MAX_REPO_ID_LENGTH} characters.`,
      repoId: `${namespace}/${name}`,
    });
  }
  if (!/^[0-9a-f]{40}$/.test(revision)) refuse('the revision is not 40 lower-case hex digits');
  if (!/^[A-Za-z0-9+/]{43}=$/.test(secureHash)) refuse('the secure hash is not the base64 of a sha256');
  if (!/^(?:0|[1-9][0-9]{0,8})$/.test(competition)) refuse('the competition id is not a plain number');
  return { namespace, name, revision, secureHash, competitionId: Number(competition) };
}
