import type { Decode } from './decode.js';

const ALPHABET = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const SEXTETS = new Map([...ALPHABET].map((sign, value) => [sign, value]));
const [PLUS, MINUS] = [0x2b, 0x2d];
const SEXTET_BITS = 6;
const UNIT_BITS = 16;

/**
 * UTF-7 (RFC 2152) as CPython decodes it: a plus sign opens a run of base64 that holds UTF-16 units, the first other sign
 * ends the run, and a minus sign that ends it is dropped. A byte order mark stays. Refused are bytes above 127, a run
 * that ends inside a unit or with set padding bits, and a plus sign before anything but base64 or a minus sign. CPython
 * lets half a surrogate pair through and the tokenizer refuses the text; here the decoder refuses it.
 */
export const utf7: Decode = (bytes) => {
  const texts: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const byte = bytes[at] ?? 0;
    if (byte > 0x7f) return undefined;
    at += 1;
    if (byte !== PLUS) {
      texts.push(String.fromCharCode(byte));
      continue;
    }
    const end = endOfRun(bytes, at);
    if (end === at && at < bytes.length && bytes[at] !== MINUS) return undefined;
    const text = end === at ? (at < bytes.length ? '+' : '') : textOfRun(bytes.subarray(at, end));
    if (text === undefined) return undefined;
    texts.push(text);
    at = bytes[end] === MINUS ? end + 1 : end;
  }
  const text = texts.join('');
  return text.isWellFormed() ? text : undefined;
};

function endOfRun(bytes: Buffer, start: number): number {
  let end = start;
  while (end < bytes.length && SEXTETS.has(bytes[end] ?? 0)) end += 1;
  return end;
}

function textOfRun(run: Buffer): string | undefined {
  const units: string[] = [];
  let [bits, held] = [0, 0];
  for (const sign of run) {
    held = (held << SEXTET_BITS) | (SEXTETS.get(sign) ?? 0);
    bits += SEXTET_BITS;
    if (bits < UNIT_BITS) continue;
    bits -= UNIT_BITS;
    units.push(String.fromCharCode(held >> bits));
    held &= (1 << bits) - 1;
  }
  return bits >= SEXTET_BITS || held !== 0 ? undefined : units.join('');
}
