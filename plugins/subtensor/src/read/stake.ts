/** Shares on chain are parts of the largest u64. */
const WHOLE = 2n ** 64n - 1n;
/** Fractional bits of the runtime's U96F32. */
const BITS = 32n;

type Relative = readonly [share: bigint, hotkey: string];

/**
 * Stake of a hotkey less what it has given to its children, and with what it has of its parents, in the runtime's own
 * arithmetic (subtensor, staking/stake_utils.rs, get_inherited_for_hotkey_on_subnet). Rao.
 */
export function inherited(
  hotkey: string,
  { children, parents }: { children: readonly Relative[]; parents: readonly Relative[] },
  stakes: ReadonlyMap<string, bigint>,
): bigint {
  const own = stakes.get(hotkey) ?? 0n;
  const given = children.reduce((sum, [share]) => sum + own * fixed(share), 0n);
  const received = parents.reduce((sum, [share, parent]) => sum + (stakes.get(parent) ?? 0n) * fixed(share), 0n);
  const kept = (own << BITS) - given;
  return ((kept > 0n ? kept : 0n) + received) >> BITS;
}

/** Alpha and TAO together, as the chain holds them against its threshold (get_stake_weights_for_hotkey_on_subnet). Rao. */
export const weighted = (alpha: bigint, tao: bigint, taoWeight: bigint): bigint =>
  alpha + ((tao * fixed(taoWeight)) >> BITS);

/** A share as a number with 32 fractional bits. */
const fixed = (share: bigint): bigint => (share << BITS) / WHOLE;
