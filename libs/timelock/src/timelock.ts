import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { timelockErrors } from './errors.js';
import { fromBytes, KEY_BYTES, NONCE_BYTES, TAG_BYTES, toBytes } from './layout.js';

const CIPHER = 'aes-256-gcm';

/** What a ciphertext is drawn from. The same values twice give away both plaintexts. */
export interface Randomness {
  /** Key of the body, 32 bytes. */
  key: Uint8Array;
  /** What the key is hidden by, 32 bytes. */
  sigma: Uint8Array;
  /** 12 bytes. */
  nonce: Uint8Array;
}

/**
 * Bytes that open with the signature of a round of drand's quicknet, `OVERHEAD_BYTES` longer than the plaintext.
 * @param round a whole number from 1 on; the round may be over, then everybody can open it at once
 * @param random for tests alone
 * @throws TIMELOCK_ROUND_INVALID, TIMELOCK_RANDOMNESS_INVALID
 */
export async function encryptToRound(
  plaintext: Uint8Array,
  round: number,
  random: Randomness = freshRandomness(),
): Promise<Uint8Array> {
  if (!Number.isSafeInteger(round) || round < 1) throw timelockErrors.TIMELOCK_ROUND_INVALID({ round });
  checkRandomness(random);
  const { sealKey } = await curves();
  const { key, sigma, nonce } = random;
  const cipher = createCipheriv(CIPHER, key, nonce);
  const body = Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  return toBytes({ ...sealKey(key, sigma, round), body, nonce });
}

/**
 * The plaintext, by the signature of the round that it was encrypted to, a compressed point of G1 of 48 bytes.
 * @throws TIMELOCK_CIPHERTEXT_MALFORMED, TIMELOCK_SIGNATURE_MALFORMED, TIMELOCK_NOT_OPENED when the signature is that of
 *   another round, or the bytes were changed
 */
export async function decryptWithSignature(ciphertext: Uint8Array, signature: Uint8Array): Promise<Uint8Array> {
  const { body, nonce, ...sealed } = fromBytes(ciphertext);
  const { openKey } = await curves();
  const decipher = createDecipheriv(CIPHER, openKey(sealed, signature), nonce);
  decipher.setAuthTag(body.subarray(-TAG_BYTES));
  const start = decipher.update(body.subarray(0, -TAG_BYTES));
  try {
    return Uint8Array.from(Buffer.concat([start, decipher.final()]));
  } catch (error) {
    throw timelockErrors.TIMELOCK_NOT_OPENED({ reason: 'its body was changed' }, error);
  }
}

/** The curves take some 50 ms to load, and most runs of the command line need none. */
const curves = (): Promise<typeof import('./identity.js')> => import('./identity.js');

function freshRandomness(): Randomness {
  return { key: randomBytes(KEY_BYTES), sigma: randomBytes(KEY_BYTES), nonce: randomBytes(NONCE_BYTES) };
}

function checkRandomness({ key, sigma, nonce }: Randomness): void {
  const parts = { key: [key, KEY_BYTES], sigma: [sigma, KEY_BYTES], nonce: [nonce, NONCE_BYTES] } as const;
  for (const [name, [{ length: bytes }, wanted]] of Object.entries(parts))
    if (bytes !== wanted) throw timelockErrors.TIMELOCK_RANDOMNESS_INVALID({ name, bytes, wanted });
}
