import type { Decode } from './decode.js';
import { utf7 } from './utf-7.js';

const BOM = '\uFEFF';
/** Python reads what has no byte order mark in the order of the machine; that of every validator is this one. */
const NATIVE = 'le';

const byWebName =
  (name: string): Decode =>
  (bytes) => {
    try {
      return new TextDecoder(name, { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      return undefined;
    }
  };

const utf32 =
  (order: 'le' | 'be'): Decode =>
  (bytes) => {
    if (bytes.length % 4 !== 0) return undefined;
    const points = Array.from({ length: bytes.length / 4 }, (_none, index) =>
      order === 'le' ? bytes.readUInt32LE(4 * index) : bytes.readUInt32BE(4 * index),
    );
    if (points.some((point) => point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))) return undefined;
    return points.map((point) => String.fromCodePoint(point)).join('');
  };

/** By the mark in front, which is no part of the text. */
const marked =
  (le: Decode, be: Decode, markLength: number): Decode =>
  (bytes) => {
    const mark = bytes.subarray(0, markLength);
    const order = le(mark) === BOM ? 'le' : be(mark) === BOM ? 'be' : undefined;
    return ((order ?? NATIVE) === 'le' ? le : be)(order ? bytes.subarray(markLength) : bytes);
  };

const utf8 = byWebName('utf-8');
const utf16 = { le: byWebName('utf-16le'), be: byWebName('utf-16be') };

/** Codecs of Unicode by Python's names. A byte order mark stays, except where the name leaves the order open. */
export const UNICODE: Readonly<Record<string, Decode>> = {
  ascii: (bytes) => (bytes.every((byte) => byte < 0x80) ? bytes.toString('latin1') : undefined),
  utf_8: utf8,
  utf_8_sig: (bytes) => {
    const text = utf8(bytes);
    return text?.startsWith(BOM) === true ? text.slice(1) : text;
  },
  utf_16: marked(utf16.le, utf16.be, 2),
  utf_16_le: utf16.le,
  utf_16_be: utf16.be,
  utf_32: marked(utf32('le'), utf32('be'), 4),
  utf_32_le: utf32('le'),
  utf_32_be: utf32('be'),
  utf_7: utf7,
};
