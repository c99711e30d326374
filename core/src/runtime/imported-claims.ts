import { claimTexts } from '../chain/claim-texts.js';
import type { Commitment } from '../contracts/chain-client.js';
import type { RuntimeDeps } from './context.js';
import type { ImportedClaim } from './tables.js';

type Deps = Pick<RuntimeDeps, 'state' | 'view' | 'scheme'>;

const isOf = (imported: ImportedClaim, claim: Pick<Commitment, 'data' | 'block'> | undefined): boolean =>
  claim?.data === imported.commitment && claim.block === imported.block;

/** What another validator has noted of a claim; undefined where it noted nothing, or the miner has committed again since. */
export function importedFor(
  { state }: Pick<RuntimeDeps, 'state'>,
  hotkey: string,
  claim: Pick<Commitment, 'data' | 'block'>,
): ImportedClaim | undefined {
  const imported = state.importedClaim(hotkey);
  return imported && isOf(imported, claim) ? imported : undefined;
}

/**
 * Imported claims of kept or waiting models that this validator has not looked at yet. A round without them would move
 * the standing away from those who hold it, so the rounds of their competitions wait for them.
 */
export function importsToLookAt({ state, view, scheme }: Deps): (ImportedClaim & { hotkey: string })[] {
  const imported = state.importedClaims();
  if (imported.length === 0) return [];
  const claims = claimTexts(view.current, scheme);
  return imported.filter((one) => {
    const { hotkey, kept, pending } = one;
    const isLookedAt = [state.model(hotkey), state.unknownClaim(hotkey), state.missingClaim(hotkey)].some(
      (noted) => noted?.commitment === one.commitment && noted.block === one.block,
    );
    return kept.length + pending.length > 0 && !isLookedAt && view.neuronOf(hotkey) && isOf(one, claims.get(hotkey));
  });
}
