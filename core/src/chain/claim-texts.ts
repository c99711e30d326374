import type { ChainSnapshot, Commitment } from '../contracts/chain-client.js';
import type { CommitmentScheme } from '../contracts/commitment-scheme.js';

type Texts = Pick<ChainSnapshot, 'commitments' | 'revealed'>;
type ReadFrom = Pick<CommitmentScheme, 'readFrom'>;

/**
 * The text that stands as the claim of each hotkey, from where the subnet's scheme has claims: the plain commitment, or the
 * newest revealed one, whose block is that of its reveal.
 */
export function claimTexts({ commitments, revealed }: Texts, { readFrom }: ReadFrom): ReadonlyMap<string, Commitment> {
  if (readFrom === 'commitments') return new Map(commitments.map((commitment) => [commitment.hotkey, commitment]));
  const newest = new Map<string, Commitment>();
  // Of two that were revealed in one block, the later one in the chain's order is the newer one.
  for (const commitment of revealed)
    if (commitment.block >= (newest.get(commitment.hotkey)?.block ?? 0)) newest.set(commitment.hotkey, commitment);
  return newest;
}

/** The same for one hotkey; undefined where it claims nothing. */
export const claimTextOf = (texts: Texts, scheme: ReadFrom, hotkey: string): Commitment | undefined =>
  claimTexts(texts, scheme).get(hotkey);
