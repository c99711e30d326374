import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decryptWithSignature, encryptToRound, OVERHEAD_BYTES, roundAt, timeOf } from '@assay/lib-timelock';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { errorOf } from '../../error-of.js';

const vectors = z
  .object({
    round: z.number(),
    signature_g1: z.string(),
    cases: z.array(
      z.object({
        name: z.string(),
        plaintext_hex: z.string(),
        deterministic: z.object({
          esk: z.string(),
          sigma: z.string(),
          nonce: z.string(),
          ciphertext_hex: z.string(),
        }),
        rust_wasm_ciphertext_hex: z.string(),
      }),
    ),
  })
  .parse(
    JSON.parse(
      readFileSync(join(import.meta.dirname, '..', '..', 'fixtures', 'protocol', 'commit_reveal_tle.json'), 'utf8'),
    ),
  );

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');
const SIGNATURE = bytes(vectors.signature_g1);
const OPEN = Buffer.from('uid 7 gets everything');
const sealed = Buffer.from(await encryptToRound(OPEN, vectors.round));

/** Where the parts of the ciphertext above begin. */
const PARTS = {
  u: 0,
  vLength: 96,
  v: 104,
  wLength: 136,
  w: 144,
  bodyLength: 176,
  body: 192,
  suite: 192 + 21 + 16 + 28,
};

describe('timelocked bytes', () => {
  it.each(vectors.cases)('$name: equal those of the chain, and its own open', async (given) => {
    const { esk, sigma, nonce, ciphertext_hex: wanted } = given.deterministic;
    const random = { key: bytes(esk), sigma: bytes(sigma), nonce: bytes(nonce) };
    const made = await encryptToRound(bytes(given.plaintext_hex), vectors.round, random);
    expect(Buffer.from(made).toString('hex')).toBe(wanted);
    for (const each of [wanted, given.rust_wasm_ciphertext_hex])
      expect(Buffer.from(await decryptWithSignature(bytes(each), SIGNATURE)).toString('hex')).toBe(given.plaintext_hex);
  });

  it('open again, whatever they hold, and differ each time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), async (plaintext) => {
        const one = await encryptToRound(plaintext, vectors.round);
        expect(one).toHaveLength(plaintext.length + OVERHEAD_BYTES);
        expect(await encryptToRound(plaintext, vectors.round)).not.toEqual(one);
        expect(await decryptWithSignature(one, SIGNATURE)).toEqual(plaintext);
      }),
      { numRuns: 8 },
    );
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('are made for no round %s', async (round) => {
    expect((await errorOf(encryptToRound(OPEN, round))).code).toBe('TIMELOCK_ROUND_INVALID');
  });

  it.each(['key', 'sigma', 'nonce'] as const)('are made with no short %s', async (name) => {
    const whole = { key: Buffer.alloc(32), sigma: Buffer.alloc(32), nonce: Buffer.alloc(12) };
    const error = await errorOf(encryptToRound(OPEN, 1, { ...whole, [name]: Buffer.alloc(11) }));
    expect(error).toMatchObject({ code: 'TIMELOCK_RANDOMNESS_INVALID', payload: { name, bytes: 11 } });
  });

  it('stay closed to the signature of another round', async () => {
    const next = await encryptToRound(OPEN, vectors.round + 1);
    expect((await errorOf(decryptWithSignature(next, SIGNATURE))).code).toBe('TIMELOCK_NOT_OPENED');
  });
});

/** Bytes of the ciphertext, one or more of them changed. */
function changed(change: (copy: Buffer) => void): Buffer {
  const copy = Buffer.from(sealed);
  change(copy);
  return copy;
}
const flipped = (at: number): Buffer => changed((copy) => copy.writeUInt8(copy.readUInt8(at) ^ 1, at));
const lengthened = (at: number, length: bigint): Buffer => changed((copy) => copy.writeBigUInt64LE(length, at));

/** One more byte behind the nonce, counted in the length of the body. */
function withByteInBody(): Buffer {
  const [suite, end] = [sealed.length - 16, sealed.readBigUInt64LE(PARTS.bodyLength) + 1n];
  const longer = Buffer.concat([sealed.subarray(0, suite), Buffer.alloc(1), sealed.subarray(suite)]);
  longer.writeBigUInt64LE(end, PARTS.bodyLength);
  return longer;
}

/** A point of the curve of G2 outside of the subgroup: x = 2 + 0u has a root. */
const STRAY = Buffer.concat([Buffer.from([0x80]), Buffer.alloc(94), Buffer.from([2])]);
/** The first number of U written as that number and the prime of the field, which is the same point in other bytes. */
const PRIME = 0x1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaabn;
async function withLargeNumber(): Promise<Buffer> {
  for (;;) {
    const made = Buffer.from(await encryptToRound(OPEN, vectors.round));
    const flags = BigInt(made.readUInt8(0) & 0xe0) << 376n;
    const first = BigInt(`0x${made.toString('hex', 0, 48)}`) - flags + PRIME;
    if (first >> 381n !== 0n) continue;
    made.write((first + flags).toString(16), 'hex');
    return made;
  }
}
const INFINITY_2 = Buffer.concat([Buffer.from([0xc0]), Buffer.alloc(95)]);
const INFINITY_1 = Buffer.concat([Buffer.from([0xc0]), Buffer.alloc(47)]);

const DAMAGED: readonly [what: string, ciphertext: Buffer, code: string, reason: RegExp][] = [
  ['no bytes', Buffer.alloc(0), 'TIMELOCK_CIPHERTEXT_MALFORMED', /ends within U/],
  ['the last byte missing', sealed.subarray(0, -1), 'TIMELOCK_CIPHERTEXT_MALFORMED', /ends within the name/],
  ['a byte too many', Buffer.concat([sealed, Buffer.alloc(1)]), 'TIMELOCK_CIPHERTEXT_MALFORMED', /1 bytes are left/],
  ['a V of 31 bytes', lengthened(PARTS.vLength, 31n), 'TIMELOCK_CIPHERTEXT_MALFORMED', /V has 31 bytes/],
  [
    'a W of 2^64 - 1 bytes',
    lengthened(PARTS.wLength, 2n ** 64n - 1n),
    'TIMELOCK_CIPHERTEXT_MALFORMED',
    /ends within W/,
  ],
  ['a long body', lengthened(PARTS.bodyLength, 2n ** 40n), 'TIMELOCK_CIPHERTEXT_MALFORMED', /ends within the body/],
  [
    'a body shorter than a tag',
    lengthened(PARTS.body - 8, 3n),
    'TIMELOCK_CIPHERTEXT_MALFORMED',
    /shorter than its tag/,
  ],
  ['a body with a byte left over', withByteInBody(), 'TIMELOCK_CIPHERTEXT_MALFORMED', /1 bytes are left/],
  ['U with a number above the field', await withLargeNumber(), 'TIMELOCK_CIPHERTEXT_MALFORMED', /not written in/],
  ['another cipher', flipped(sealed.length - 1), 'TIMELOCK_CIPHERTEXT_MALFORMED', /not AES-GCM/],
  ['U at infinity', changed((copy) => INFINITY_2.copy(copy)), 'TIMELOCK_CIPHERTEXT_MALFORMED', /infinity/],
  ['U outside of the group', changed((copy) => STRAY.copy(copy)), 'TIMELOCK_CIPHERTEXT_MALFORMED', /no point/],
  [
    'U not compressed',
    changed((copy) => copy.writeUInt8(copy.readUInt8(0) & 0x7f, 0)),
    'TIMELOCK_CIPHERTEXT_MALFORMED',
    /U/,
  ],
  ['V changed', flipped(PARTS.v), 'TIMELOCK_NOT_OPENED', /key/],
  ['W changed', flipped(PARTS.w), 'TIMELOCK_NOT_OPENED', /key/],
  ['the body changed', flipped(PARTS.body), 'TIMELOCK_NOT_OPENED', /body/],
  ['the tag changed', flipped(PARTS.body + OPEN.length), 'TIMELOCK_NOT_OPENED', /body/],
  ['the nonce changed', flipped(sealed.length - 17), 'TIMELOCK_NOT_OPENED', /body/],
];

const NO_SIGNATURES: readonly [what: string, signature: Buffer][] = [
  ['no bytes', Buffer.alloc(0)],
  ['47 bytes', SIGNATURE.subarray(1)],
  ['49 bytes', Buffer.concat([SIGNATURE, Buffer.alloc(1)])],
  ['zeros', Buffer.alloc(48)],
  ['the point at infinity', INFINITY_1],
  ['a number above the field', Buffer.concat([Buffer.from([0x9f]), Buffer.alloc(47, 0xff)])],
];

describe('damaged bytes', () => {
  it.each(DAMAGED)('%s', async (_what, ciphertext, code, reason) => {
    const error = await errorOf(decryptWithSignature(ciphertext, SIGNATURE));
    expect(error).toMatchObject({ code, payload: { reason: expect.stringMatching(reason) as unknown } });
  });

  it.each(NO_SIGNATURES)('%s for a signature', async (_what, signature) => {
    expect((await errorOf(decryptWithSignature(sealed, signature))).code).toBe('TIMELOCK_SIGNATURE_MALFORMED');
  });

  it('are refused by a coded error, wherever a bit is turned, and whatever is sent', async () => {
    const turned = fc.nat({ max: sealed.length * 8 - 1 }).map((bit) => {
      return changed((copy) => copy.writeUInt8(copy.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3));
    });
    const cut = fc.nat({ max: sealed.length - 1 }).map((length) => sealed.subarray(0, length));
    const noise = fc.uint8Array({ maxLength: 600 }).map((some) => Buffer.from(some));
    await fc.assert(
      fc.asyncProperty(fc.oneof(turned, cut, noise), async (ciphertext) => {
        expect((await errorOf(decryptWithSignature(ciphertext, SIGNATURE))).code).toMatch(/^TIMELOCK_/);
      }),
      { numRuns: 200 },
    );
  });
});

describe('rounds', () => {
  it('are three seconds apart since the first', () => {
    expect([roundAt(0), roundAt(1_692_803_366), roundAt(1_692_803_367), roundAt(1_692_803_370)]).toEqual([1, 1, 1, 2]);
    expect(timeOf(1000)).toBe(1_692_806_364);
  });

  it('are published at or before the time that they are looked up by', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_692_803_367, max: 4_000_000_000 }), (time) => {
        const round = roundAt(time);
        expect(timeOf(round)).toBeLessThanOrEqual(time);
        expect(timeOf(round + 1)).toBeGreaterThan(time);
        expect(roundAt(timeOf(round))).toBe(round);
      }),
    );
  });
});
