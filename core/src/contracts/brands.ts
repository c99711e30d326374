declare const brand: unique symbol;
type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** Slot of a neuron on its subnet, 0..65535. */
export type Uid = Branded<number, 'Uid'>;
/** Subnet number, 0..65535. */
export type Netuid = Branded<number, 'Netuid'>;
/** Height of a block. */
export type BlockNumber = Branded<number, 'BlockNumber'>;
/** ss58 address (format 42) of an sr25519 hotkey. */
export type Hotkey = Branded<string, 'Hotkey'>;
/** A loss or score that is neither NaN nor infinite. Lower is better. */
export type FiniteScore = Branded<number, 'FiniteScore'>;

export const asUid = (value: number): Uid => value as Uid;
export const asNetuid = (value: number): Netuid => value as Netuid;
export const asBlockNumber = (value: number): BlockNumber => value as BlockNumber;
export const asHotkey = (value: string): Hotkey => value as Hotkey;

/** The only way to a FiniteScore: `undefined` when the number is no score. */
export function finiteScore(value: number): FiniteScore | undefined {
  return Number.isFinite(value) ? (value as FiniteScore) : undefined;
}
