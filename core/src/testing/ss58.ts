import { createHash } from 'node:crypto';

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const PREFIX = Buffer.from('SS58PRE');
/** Format, public key, checksum. */
const LENGTH = 1 + 32 + 2;
const FORMAT = 42;

/** Whether a text is an ss58 address of format 42 with a right checksum. */
export function isSs58(address: string): boolean {
  let value = 0n;
  for (const letter of address) {
    const digit = ALPHABET.indexOf(letter);
    if (digit === -1) return false;
    value = value * 58n + BigInt(digit);
  }
  const bytes = Buffer.from(value.toString(16).padStart(2 * LENGTH, '0'), 'hex');
  if (bytes.length !== LENGTH || bytes[0] !== FORMAT) return false;
  const hash = createHash('blake2b512').update(PREFIX).update(bytes.subarray(0, -2)).digest();
  return bytes.subarray(-2).equals(hash.subarray(0, 2));
}
