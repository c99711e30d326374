/** ss58 format of Subtensor. */
const FORMAT = 42;

/** polkadot's packages take long to load, so nothing of them is loaded before an address is needed. */
const polkadot = (): Promise<typeof import('@polkadot/util-crypto')> => import('@polkadot/util-crypto');

/** The 32 bytes of a hotkey's address; undefined for what is no address of format 42 in its one spelling. */
export async function addressKey(address: string): Promise<Uint8Array | undefined> {
  const { decodeAddress, encodeAddress } = await polkadot();
  try {
    const key = decodeAddress(address, false, FORMAT);
    return key.length === 32 && encodeAddress(key, FORMAT) === address ? key : undefined;
  } catch {
    return undefined;
  }
}

/** The ss58 address, format 42, of a public key of 32 bytes. */
export async function encodedAddress(publicKey: Uint8Array): Promise<string> {
  const { encodeAddress } = await polkadot();
  return encodeAddress(publicKey, FORMAT);
}

/** Whether an sr25519 signature over the message was made by this key; false for anything malformed as well. */
export async function isSignedBy(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
  const { sr25519Verify } = await polkadot();
  try {
    return sr25519Verify(message, signature, publicKey);
  } catch {
    return false;
  }
}
