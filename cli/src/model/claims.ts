import { claimTextOf } from '@assay/core/chain/claim-texts';
import type { ChainSnapshot } from '@assay/core/contracts/chain-client';
import type { Claim, CommitmentScheme } from '@assay/core/contracts/commitment-scheme';
import type { RepoId } from '@assay/core/contracts/model-publisher';
import { repoName, type ModelReference, type StoredFile } from '@assay/core/contracts/model';
import { modelCommandErrors } from './errors.js';

/** Who claims, for what, and in which form. */
interface Claiming {
  scheme: CommitmentScheme;
  hotkey: string;
  /** Number of the competition. */
  competition: number;
}

/** The claim of a hotkey to these files. */
export const claimOf = (
  model: { reference: ModelReference; files: readonly StoredFile[] },
  { scheme, hotkey, competition }: Claiming,
): Claim => ({ reference: model.reference, proof: scheme.proofOf(model, hotkey), competition });

/**
 * Refuses a claim that the chain can't hold or that a validator can't read, before anything is uploaded for it.
 * @throws PUSH_CLAIM_TOO_LONG, what the scheme's parser refuses
 */
export function requireFits(
  claim: Claim,
  { scheme, hotkey }: Pick<Claiming, 'scheme' | 'hotkey'>,
  repo: RepoId,
  limit: number,
): void {
  const text = scheme.format(claim, hotkey);
  const bytes = Buffer.byteLength(text);
  if (bytes > limit)
    throw modelCommandErrors.PUSH_CLAIM_TOO_LONG({ bytes, limit, excess: bytes - limit, repo: repoName(repo) });
  scheme.parse(text);
}

/**
 * The revision of this repo that the hotkey's claim on chain names, where that claim is to these very files: a new claim
 * would only move its block, and make the model a later one.
 */
export function committedTo(
  repo: RepoId,
  files: readonly StoredFile[],
  { scheme, hotkey, competition }: Claiming,
  snapshot: ChainSnapshot,
): ModelReference | undefined {
  const commitment = claimTextOf(snapshot, scheme, hotkey);
  const claim = commitment && parsed(commitment.data, scheme);
  if (!claim) return undefined;
  const { reference } = claim;
  const wanted = claimOf({ reference, files }, { scheme, hotkey, competition });
  const isSame =
    repoName(reference) === repoName(repo) &&
    claim.proof === wanted.proof &&
    (claim.competition ?? competition) === competition;
  return isSame ? reference : undefined;
}

/** Undefined for what is no claim. */
function parsed(text: string, scheme: CommitmentScheme): Claim | undefined {
  try {
    return scheme.parse(text);
  } catch {
    return undefined;
  }
}
