import type { Denial } from '../config/denial.js';
import { repoName, type ModelReference } from '../contracts/model.js';
import type { AssayError } from '../errors/assay-error.js';
import { runtimeErrors } from './errors.js';

interface DeniedClaim {
  hotkey: string;
  /** Absent for a hotkey that is not registered. */
  coldkey?: string | undefined;
  /** Absent for a claim that names no model. */
  reference?: ModelReference;
}

/** The error of the first denial that a claim falls under; undefined where the operator lets it play. */
export function denialOf({ deny }: { deny: readonly Denial[] }, claim: DeniedClaim): AssayError | undefined {
  const found = deny.find((denial) => covers(denial, claim));
  return found && runtimeErrors.DENIED({ what: whatOf(found), reason: found.reason });
}

function covers(denial: Denial, { hotkey, coldkey, reference }: DeniedClaim): boolean {
  if ('hotkey' in denial) return denial.hotkey === hotkey;
  if ('coldkey' in denial) return denial.coldkey === coldkey;
  if (!reference) return false;
  if ('digest' in denial) return bare(denial.digest) === bare(reference.revision);
  return denial.repo.toLowerCase() === repoName(reference).toLowerCase();
}

/** Commits and digests in any case, with or without the name of their kind. */
const bare = (digest: string): string => digest.toLowerCase().replace(/^(?:hf|sha256):/, '');

function whatOf(denial: Denial): string {
  if ('hotkey' in denial) return `hotkey ${denial.hotkey}`;
  if ('coldkey' in denial) return `coldkey ${denial.coldkey}`;
  return 'digest' in denial ? `digest ${denial.digest}` : `repo ${denial.repo}`;
}
