import type { ChainSnapshot, Commitment } from '../contracts/chain-client.js';
import type { CommitmentScheme } from '../contracts/commitment-scheme.js';

type Texts = Pick<ChainSnapshot, 'commitments' | 'revealed'>;
type ReadFrom = Pick<CommitmentScheme, 'readFrom' | 'fromBlock'>;

/**
 * The text that stands as the claim of each hotkey, from where the subnet's scheme has claims: the plain commitment, or the
 * newest revealed one, whose block is that of its reveal. A claim of a block before the scheme's first one is none.
 */
export function claimTexts(texts: Texts, scheme: ReadFrom): ReadonlyMap<string, Commitment> {
  return new Map(newestOf(textsShown(texts, scheme)).map((commitment) => [commitment.hotkey, commitment]));
}

/** Every text that the chain shows where the subnet has claims, older ones of a hotkey too, in the order of the chain. */
export const textsShown = (
  { commitments, revealed }: Texts,
  { readFrom, fromBlock = 0 }: ReadFrom,
): readonly Commitment[] =>
  (readFrom === 'commitments' ? commitments : revealed).filter(({ block }) => block >= fromBlock);

function newestOf(texts: readonly Commitment[]): Commitment[] {
  const newest = new Map<string, Commitment>();
  // Of two that were revealed in one block, the later one in the chain's order is the newer one.
  for (const commitment of texts)
    if (commitment.block >= (newest.get(commitment.hotkey)?.block ?? 0)) newest.set(commitment.hotkey, commitment);
  return [...newest.values()];
}

/** The same for one hotkey; undefined where it claims nothing. */
export const claimTextOf = (texts: Texts, scheme: ReadFrom, hotkey: string): Commitment | undefined =>
  claimTexts(texts, scheme).get(hotkey);
