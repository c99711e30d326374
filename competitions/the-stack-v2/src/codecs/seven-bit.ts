import type { Decode } from './decode.js';
import { tableOf } from './unit-table.js';

const [LINE_FEED, SHIFT_OUT, SHIFT_IN, ESCAPE] = [0x0a, 0x0e, 0x0f, 0x1b];
const TILDE = 0x7e;

/** A pair of seven-bit bytes is that of a table, less the high bits. */
function pairText(codec: string, bytes: Buffer, at: number): string | undefined {
  const [lead = 0, trail = 0] = bytes.subarray(at, at + 2);
  if (at + 2 > bytes.length || lead < 0x21 || lead > 0x7e || trail < 0x21 || trail > 0x7e) return undefined;
  return tableOf(codec).text(Buffer.from([lead | 0x80, trail | 0x80]), 0, 2);
}

/** Tilde and brace switch between ASCII and GB 2312 (RFC 1843). */
const hz: Decode = (bytes) => {
  const texts: string[] = [];
  let inPairs = false;
  for (let at = 0; at < bytes.length;) {
    const byte = bytes[at] ?? 0;
    if (byte > 0x7f) return undefined;
    if (byte === TILDE) {
      const sign = String.fromCharCode(bytes[at + 1] ?? 0);
      if (!(inPairs ? '}' : '~{\n').includes(sign)) return undefined;
      if (sign === '~') texts.push('~');
      else if (sign !== '\n') inPairs = sign === '{';
      at += 2;
      continue;
    }
    const text = inPairs ? pairText('gb2312', bytes, at) : String.fromCharCode(byte);
    if (text === undefined) return undefined;
    texts.push(text);
    at += inPairs ? 2 : 1;
  }
  return texts.join('');
};

/** How a set reads what stands at a place; and how many bytes each of its characters has. */
interface CharacterSet {
  width: 1 | 2;
  text(bytes: Buffer, at: number): string | undefined;
}

const ASCII: CharacterSet = { width: 1, text: (bytes, at) => String.fromCharCode(bytes[at] ?? 0) };
const JIS_ROMAN: CharacterSet = {
  width: 1,
  text: (bytes, at) => ASCII.text(bytes, at)?.replace('\\', '¥').replace('~', '‾'),
};
const pairsOf = (codec: string): CharacterSet => ({ width: 2, text: (bytes, at) => pairText(codec, bytes, at) });
const KANJI = pairsOf('euc_jp');

interface Iso2022 {
  /** Set in force after an escape sequence, by what follows the escape. */
  initial: Readonly<Record<string, CharacterSet>>;
  /** The same, in force between shift-out and shift-in; without any, these two are characters. */
  shifted?: Readonly<Record<string, CharacterSet>>;
}

/** Escape sequences switch between sets of characters (ISO 2022, RFC 1468 and 1557), as far as Python follows them. */
const iso2022 =
  ({ initial, shifted }: Iso2022): Decode =>
  (bytes) => {
    const texts: string[] = [];
    let [plain, other, isShifted, isPassing] = [ASCII, ASCII, false, false];
    for (let at = 0; at < bytes.length;) {
      const byte = bytes[at] ?? 0;
      // What is no escape sequence of this standard is passed on up to its end.
      if (
        isPassing ||
        (byte === ESCAPE && at + 1 < bytes.length && !'($)&.'.includes(String.fromCharCode(bytes[at + 1] ?? 0)))
      ) {
        texts.push(String.fromCharCode(byte));
        isPassing = !(isPassing && /[A-Z@]/.test(String.fromCharCode(byte)));
        at += 1;
        continue;
      }
      if (byte === ESCAPE) {
        const sequence = /^[($).&]+[A-Z@]/.exec(bytes.toString('latin1', at + 1, at + 5))?.[0] ?? '';
        const [toPlain, toOther] = [initial[sequence], shifted?.[sequence]];
        if (!toPlain && !toOther) return undefined;
        plain = toPlain ?? plain;
        other = toOther ?? other;
        at += 1 + sequence.length;
        continue;
      }
      if (shifted && (byte === SHIFT_OUT || byte === SHIFT_IN)) {
        isShifted = byte === SHIFT_OUT;
        at += 1;
        continue;
      }
      if (byte === LINE_FEED) isShifted = false;
      if (byte > 0x7f) return undefined;
      const set = byte < 0x20 ? ASCII : isShifted ? other : plain;
      const text = set.text(bytes, at);
      if (text === undefined) return undefined;
      texts.push(text);
      at += set.width;
    }
    return texts.join('');
  };

/** Codecs that keep within seven bits, by Python's names. */
export const SEVEN_BIT: Readonly<Record<string, Decode>> = {
  hz,
  iso2022_jp: iso2022({
    initial: { '(B': ASCII, '(J': JIS_ROMAN, '$@': KANJI, $B: KANJI, '$(@': KANJI, '$(B': KANJI },
  }),
  iso2022_kr: iso2022({ initial: { '(B': ASCII }, shifted: { '$)C': pairsOf('euc_kr') } }),
};
