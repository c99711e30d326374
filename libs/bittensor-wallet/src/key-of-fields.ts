import { getPublicKey, secretFromSeed } from '@scure/sr25519';
import { encodedAddress } from './ss58.js';
import { walletErrors } from './errors.js';
import { seedOfPhrase } from './recovery-phrase.js';
import type { FlatFields } from './flat-json.js';
import { bytesOf } from './hex-bytes.js';
import { invalid, publicParts, requireOneKey, type PublicPart } from './public-parts.js';

/** A key that can sign. `secret` is overwritten by whoever holds it. */
export interface HotkeyPair {
  /** Scalar times 8, then nonce: the form of ed25519 that `@scure/sr25519` signs with. 64 bytes. */
  secret: Uint8Array;
  publicKey: Uint8Array;
}

const SR25519 = '1';

/** From the strongest to the weakest: the first that a file has is loaded. */
const SECRETS = [
  { field: 'secretPhrase', read: fromPhrase },
  { field: 'secretSeed', read: fromSeed },
  { field: 'privateKey', read: fromPrivateKey },
] as const;

/**
 * The key of a plain keyfile. All parts that are there have to be of one key.
 * @throws KEYFILE_INVALID, KEYFILE_KEY_TYPE, KEYFILE_CONTRADICTORY, KEYFILE_WITHOUT_KEY
 */
export async function keyOfFields(path: string, fields: FlatFields): Promise<HotkeyPair> {
  requireType(path, fields);
  const claims = await publicParts(path, fields);
  const keys: { field: string; pair: HotkeyPair }[] = [];
  try {
    for (const { field, read } of SECRETS) {
      const value = fields.get(field);
      if (value) keys.push({ field, pair: pairOf(path, field, read(value)) });
    }
    requireOneKey(path, [...keys.map(({ field, pair }) => ({ field, publicKey: pair.publicKey })), ...claims]);
    const [first] = keys;
    if (first === undefined) throw await withoutKey(path, claims);
    return { publicKey: first.pair.publicKey, secret: Uint8Array.from(first.pair.secret) };
  } finally {
    for (const { pair } of keys) pair.secret.fill(0);
  }
}

async function withoutKey(path: string, [claim]: readonly PublicPart[]): Promise<Error> {
  if (claim) return walletErrors.KEYFILE_WITHOUT_KEY({ path, address: await encodedAddress(claim.publicKey) });
  return walletErrors.KEYFILE_INVALID({
    path,
    reason: 'it has no secretPhrase, secretSeed, privateKey or ss58Address',
  });
}

function requireType(path: string, fields: FlatFields): void {
  const type = fields.get('cryptoType')?.toString('latin1').trim();
  if (type !== undefined && type !== SR25519) throw walletErrors.KEYFILE_KEY_TYPE({ path, type });
}

/** Errors of the library may quote their input, so that they end here. */
function pairOf(path: string, field: string, secret: Uint8Array | undefined): HotkeyPair {
  if (secret === undefined) return invalid(path, `its ${field} is none`);
  try {
    return { secret, publicKey: getPublicKey(secret) };
  } catch {
    secret.fill(0);
    return invalid(path, `its ${field} is none`);
  }
}

function fromPhrase(phrase: Buffer): Uint8Array | undefined {
  const seed = seedOfPhrase(phrase);
  return seed && secretOfSeed(seed);
}

function fromSeed(hex: Buffer): Uint8Array | undefined {
  const seed = bytesOf(hex, 32);
  return seed && secretOfSeed(seed);
}

function secretOfSeed(seed: Buffer): Uint8Array {
  try {
    return secretFromSeed(seed);
  } finally {
    seed.fill(0);
  }
}

/** The file holds schnorrkel's canonical scalar; ed25519's form is 8 times that. undefined where 8 times do not fit. */
function fromPrivateKey(hex: Buffer): Uint8Array | undefined {
  const secret = bytesOf(hex, 64);
  if (secret === undefined) return undefined;
  let carry = 0;
  for (let at = 0; at < 32; at += 1) {
    const product = (secret[at] ?? 0) * 8 + carry;
    secret[at] = product & 0xff;
    carry = product >> 8;
  }
  if (carry === 0) return secret;
  secret.fill(0);
  return undefined;
}
