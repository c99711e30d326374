import type { Claim } from '../contracts/commitment-scheme.js';
import { commitmentErrors } from './errors.js';

/** The longest text that any way of committing to a model can hold. */
const MAX_CLAIM_BYTES = 1024;
const MAX_REPO_ID_LENGTH = 38;
const REPO_PART = /^[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?$/;

/**
 * The text of a commitment as a claim: only what can be fetched at a fixed revision and checked is a model. Stricter than
 * the reference's parser.
 * @throws COMMITMENT_MALFORMED, REPO_ID_INVALID
 */
export function parseCommitment(commitment: string): Claim {
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
  return { reference: { namespace, name, revision }, proof: secureHash, competition: Number(competition) };
}

/** A claim as a miner commits it. */
export const formatCommitment = ({ reference: { namespace, name, revision }, proof, competition }: Claim): string =>
  [namespace, name, revision, proof, competition ?? ''].join(':');
