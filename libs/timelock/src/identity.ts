import { createHash } from 'node:crypto';
import { messageOf } from '@assay/core/errors/describe';
import { bls12_381 } from '@noble/curves/bls12-381';
import { timelockErrors } from './errors.js';
import { U_BYTES } from './layout.js';

/** Public key of drand's quicknet, a compressed point of G2. */
const PUBLIC_KEY =
  '83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a';
/** What quicknet separates its hashes to G1 by: a leftover of an older drand, which its signatures keep. */
const DOMAIN = 'BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_';
const SIGNATURE_BYTES = 48;

const { G1, G2 } = bls12_381;
const { Fr } = bls12_381.fields;
type Point1 = typeof G1.Point.BASE;
type Point2 = typeof G2.Point.BASE;
type Gt = ReturnType<typeof bls12_381.pairing>;

/** A key of 32 bytes, encrypted to whoever holds the signature of a round. */
export interface SealedKey {
  u: Uint8Array;
  v: Uint8Array;
  w: Uint8Array;
}

/**
 * Boneh-Franklin encryption (FullIdent) of a key to the identity of a round, as the crate `tle` does it:
 * r = H(sigma, key), U = r G2, V = sigma xor H(e(Q, r P)), W = key xor H(sigma), with P the public key of drand.
 */
export function sealKey(key: Uint8Array, sigma: Uint8Array, round: number): SealedKey {
  const r = exponentOf(sigma, key);
  const shared = bls12_381.pairing(identityOf(round), G2.Point.fromHex(PUBLIC_KEY).multiply(r));
  return {
    u: G2.Point.BASE.multiply(r).toBytes(true),
    v: xor(sigma, sha256(bytesOf(shared))),
    w: xor(key, sha256(sigma)),
  };
}

/**
 * The key, by the signature of the round.
 * @throws TIMELOCK_SIGNATURE_MALFORMED, TIMELOCK_CIPHERTEXT_MALFORMED, TIMELOCK_NOT_OPENED when the signature is that of
 *   another round, or U, V or W was changed
 */
export function openKey({ u, v, w }: SealedKey, signature: Uint8Array): Uint8Array {
  const signed = signaturePoint(signature);
  const point = sealedPoint(u);
  const sigma = xor(v, sha256(bytesOf(bls12_381.pairing(signed, point))));
  const key = xor(w, sha256(sigma));
  if (!G2.Point.BASE.multiply(exponentOf(sigma, key)).equals(point))
    throw timelockErrors.TIMELOCK_NOT_OPENED({ reason: 'its key does not belong to this signature' });
  return key;
}

function identityOf(round: number): Point1 {
  const number = Buffer.alloc(8);
  number.writeBigUInt64BE(BigInt(round));
  return G1.Point.fromAffine(G1.hashToCurve(sha256(number), { DST: DOMAIN }).toAffine());
}

const exponentOf = (sigma: Uint8Array, key: Uint8Array): bigint =>
  Fr.create(BigInt(`0x${sha256(Buffer.concat([sigma, key])).toString('hex')}`));

function signaturePoint(bytes: Uint8Array): Point1 {
  return pointOf(bytes, SIGNATURE_BYTES, G1.Point, (reason) => timelockErrors.TIMELOCK_SIGNATURE_MALFORMED({ reason }));
}

function sealedPoint(bytes: Uint8Array): Point2 {
  return pointOf(bytes, U_BYTES, G2.Point, (reason) =>
    timelockErrors.TIMELOCK_CIPHERTEXT_MALFORMED({ reason: `its point U ${reason}` }),
  );
}

interface Point {
  is0(): boolean;
  toBytes(isCompressed: boolean): Uint8Array;
}

/** A point of the subgroup of prime order, not that at infinity, in its only compressed form. */
function pointOf<P extends Point>(
  bytes: Uint8Array,
  length: number,
  group: { fromBytes(bytes: Uint8Array): P },
  error: (reason: string) => Error,
): P {
  if (bytes.length !== length) throw error(`has ${bytes.length} bytes instead of ${length}`);
  let point: P;
  try {
    // A copy that is no Buffer: the library clears bits of what it is given, and `slice` of a Buffer is no copy.
    point = group.fromBytes(Uint8Array.from(bytes));
  } catch (cause) {
    throw error(`is no point of its group: ${messageOf(cause)}`);
  }
  if (point.is0()) throw error('is the point at infinity');
  if (Buffer.compare(point.toBytes(true), bytes) !== 0) throw error('is not written in the compressed form');
  return point;
}

/** An element of GT as arkworks writes it: twelve numbers of 48 bytes, the lowest first, each in little-endian order. */
function bytesOf(element: Gt): Uint8Array {
  const { c0, c1 } = element;
  const numbers = [c0, c1].flatMap((half) => [half.c0, half.c1, half.c2].flatMap((part) => [part.c0, part.c1]));
  return Buffer.concat(numbers.map((number) => Buffer.from(number.toString(16).padStart(96, '0'), 'hex').reverse()));
}

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

/** Of two keys of equal length. */
const xor = (a: Uint8Array, b: Uint8Array): Buffer => Buffer.from(a.map((byte, index) => byte ^ (b[index] ?? 0)));
