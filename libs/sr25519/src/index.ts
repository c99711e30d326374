import type { KeyringPair } from '@polkadot/keyring/types';

/** ss58 address format of Subtensor. */
const SS58_FORMAT = 42;

/** polkadot's packages take most of a second to load, so nothing of them is loaded before a key is needed. */
async function polkadot(): Promise<typeof import('@polkadot/util-crypto') & typeof import('@polkadot/keyring')> {
  const [crypto, keyring] = await Promise.all([import('@polkadot/util-crypto'), import('@polkadot/keyring')]);
  await crypto.cryptoWaitReady();
  return { ...crypto, ...keyring };
}

/**
 * The sr25519 pair at a path below Substrate's public development phrase, e.g. `//validator` or `//miner/1`. Everybody
 * can make the same pair: it is for networks that are worth nothing.
 */
async function pairOf(derivation: string): Promise<KeyringPair> {
  const { Keyring } = await polkadot();
  return new Keyring({ type: 'sr25519', ss58Format: SS58_FORMAT }).createFromUri(derivation);
}

/** ss58 address of the development key at this path. */
export async function deriveHotkey(derivation: string): Promise<string> {
  return (await pairOf(derivation)).address;
}

/** sr25519 signature, 64 bytes, by the development key at this path. */
export async function signWith(derivation: string, message: Uint8Array): Promise<Uint8Array> {
  return (await pairOf(derivation)).sign(message);
}

/** Whether this is the ss58 address of a 32-byte key in Subtensor's format, as Subtensor writes it. */
export async function isHotkey(address: string): Promise<boolean> {
  const { decodeAddress, encodeAddress } = await polkadot();
  try {
    return encodeAddress(decodeAddress(address, false, SS58_FORMAT), SS58_FORMAT) === address;
  } catch {
    return false;
  }
}

/** Whether an sr25519 signature over the message was made by this hotkey; false for anything malformed as well. */
export async function verifySignature(message: Uint8Array, signature: Uint8Array, hotkey: string): Promise<boolean> {
  const { decodeAddress, sr25519Verify } = await polkadot();
  try {
    return sr25519Verify(message, signature, decodeAddress(hotkey, false, SS58_FORMAT));
  } catch {
    return false;
  }
}
