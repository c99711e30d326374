import { timelockErrors } from './errors.js';

/** Parts of a ciphertext. */
interface Sealed {
  /** Compressed point of G2, 96 bytes. */
  u: Uint8Array;
  /** 32 bytes each. */
  v: Uint8Array;
  w: Uint8Array;
  /** AES-256-GCM output, its 16-byte tag at the end. */
  body: Uint8Array;
  /** 12 bytes. */
  nonce: Uint8Array;
}

export const U_BYTES = 96;
export const KEY_BYTES = 32;
export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;
const LENGTH_BYTES = 8;
const SUITE = Buffer.from('AES_GCM_', 'ascii');
/** Bytes that a ciphertext is longer than its plaintext: seven lengths among them. */
export const OVERHEAD_BYTES = U_BYTES + 2 * KEY_BYTES + TAG_BYTES + NONCE_BYTES + SUITE.length + 6 * LENGTH_BYTES;

/**
 * Bytes as Subtensor's drand pallet decodes them (crate `tle`, arkworks' compressed form): U, then V, W, the body and the
 * name of the cipher, each behind its length as u64 in little-endian order. The body holds the output of the cipher and
 * the nonce in the same form.
 */
export function toBytes({ u, v, w, body, nonce }: Sealed): Uint8Array {
  const inner = Buffer.concat([...measured(body), ...measured(nonce)]);
  return Buffer.concat([u, ...measured(v), ...measured(w), ...measured(inner), ...measured(SUITE)]);
}

/** @throws TIMELOCK_CIPHERTEXT_MALFORMED unless every length is right and no byte is left over */
export function fromBytes(bytes: Uint8Array): Sealed {
  const outer = new Reader(bytes);
  const u = outer.take(U_BYTES, 'U');
  const v = outer.measured('V', KEY_BYTES);
  const w = outer.measured('W', KEY_BYTES);
  const inner = new Reader(outer.measured('the body'));
  const suite = outer.measured('the name of the cipher', SUITE.length);
  if (Buffer.compare(suite, SUITE) !== 0) throw malformed('its cipher is not AES-GCM');
  outer.end();
  const body = inner.measured('the output of the cipher');
  if (body.length < TAG_BYTES) throw malformed('the output of the cipher is shorter than its tag');
  const nonce = inner.measured('the nonce', NONCE_BYTES);
  inner.end();
  return { u, v, w, body, nonce };
}

class Reader {
  #at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  take(length: number, what: string): Buffer {
    if (length > this.#bytes.length - this.#at) throw malformed(`it ends within ${what}`);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  measured(what: string, wanted?: number): Buffer {
    const length = this.take(LENGTH_BYTES, `the length of ${what}`).readBigUInt64LE();
    if (length > BigInt(this.#bytes.length)) throw malformed(`it ends within ${what}`);
    if (wanted !== undefined && length !== BigInt(wanted)) throw malformed(`${what} has ${length} bytes`);
    return this.take(Number(length), what);
  }

  end(): void {
    const left = this.#bytes.length - this.#at;
    if (left > 0) throw malformed(`${left} bytes are left over`);
  }
}

function measured(bytes: Uint8Array): [Uint8Array, Uint8Array] {
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeBigUInt64LE(BigInt(bytes.length));
  return [length, bytes];
}

const malformed = (reason: string): Error => timelockErrors.TIMELOCK_CIPHERTEXT_MALFORMED({ reason });
