import { competitionsAt } from '../competition/schedule.js';
import type { Claim } from '../contracts/commitment-scheme.js';
import { isAssayError } from '../errors/assay-error.js';
import type { RuntimeDeps } from './context.js';
import { runtimeErrors } from './errors.js';

/** A claim, and the competition that it is for. */
export interface PlacedClaim extends Claim {
  competition: number;
}

type ClaimDeps = Pick<RuntimeDeps, 'scheme' | 'profile'>;

/**
 * The text of a commitment as the subnet's scheme reads it. Where the scheme names no competition, it is the only one in
 * force at the block.
 * @throws errors of fault `miner` for what can't be read; CLAIM_WITHOUT_COMPETITION
 */
export function readClaim({ scheme, profile }: ClaimDeps, text: string, block: number): PlacedClaim {
  const claim = scheme.parse(text);
  if (claim.competition !== null) return { ...claim, competition: claim.competition };
  const [only, ...others] = competitionsAt(profile.schedule, block);
  if (!only || others.length > 0) throw runtimeErrors.CLAIM_WITHOUT_COMPETITION({ block });
  return { ...claim, competition: only.id };
}

/** The same, or undefined for a text that is no claim: its miner is told when it is looked at. */
export function claimIn(deps: ClaimDeps, text: string, block: number): PlacedClaim | undefined {
  try {
    return readClaim(deps, text, block);
  } catch (error) {
    if (isAssayError(error)) return undefined;
    throw error;
  }
}
