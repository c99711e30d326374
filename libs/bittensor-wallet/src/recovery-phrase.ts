import { createHash, pbkdf2Sync } from 'node:crypto';
import words from '@polkadot/util-crypto/mnemonic/wordlists/en';

const BITS = 11;
const LENGTHS = [12, 15, 18, 21, 24];

const positions = new Map(words.map((word, index) => [word, index]));

/**
 * The seed of a recovery phrase: PBKDF2-HMAC-SHA512 over the phrase's *entropy* with the salt `mnemonic`, 2,048 rounds, the
 * first 32 bytes (substrate-bip39). undefined for what is no valid phrase of English words.
 */
export function seedOfPhrase(phrase: Buffer): Buffer | undefined {
  const entropy = entropyOf(phrase);
  if (entropy === undefined) return undefined;
  const long = pbkdf2Sync(entropy, 'mnemonic', 2048, 64, 'sha512');
  const seed = Buffer.alloc(32);
  long.copy(seed, 0, 0, 32);
  long.fill(0);
  entropy.fill(0);
  return seed;
}

/** 11 bits for each word; the last thirty-third of them is the start of the SHA-256 of the rest. */
function entropyOf(phrase: Buffer): Buffer | undefined {
  const indexes = wordIndexes(phrase);
  if (!LENGTHS.includes(indexes.length) || indexes.includes(undefined)) return undefined;
  const bits = Buffer.alloc(Math.ceil((indexes.length * BITS) / 8));
  indexes.forEach((index = 0, word) => {
    for (let bit = 0; bit < BITS; bit += 1) {
      const at = word * BITS + bit;
      bits[at >> 3] = (bits[at >> 3] ?? 0) | (((index >> (BITS - 1 - bit)) & 1) << (7 - (at & 7)));
    }
  });
  const checkBits = (indexes.length * BITS) / 33;
  const entropy = Buffer.alloc((checkBits * 32) / 8);
  bits.copy(entropy, 0, 0, entropy.length);
  const expected = (createHash('sha256').update(entropy).digest()[0] ?? 0) >> (8 - checkBits);
  const found = (bits[entropy.length] ?? 0) >> (8 - checkBits);
  bits.fill(0);
  if (expected === found) return entropy;
  entropy.fill(0);
  return undefined;
}

/** As btwallet splits a phrase: at every run of white space. */
const isBlank = (byte = 0): boolean => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);

/** A word by itself is no secret: it stands in everybody's list. */
function wordIndexes(phrase: Buffer): (number | undefined)[] {
  const found: (number | undefined)[] = [];
  for (let at = 0; at < phrase.length; at += 1) {
    let end = at;
    while (end < phrase.length && !isBlank(phrase[end])) end += 1;
    if (end > at) found.push(positions.get(phrase.toString('latin1', at, end)));
    at = end;
  }
  return found;
}
