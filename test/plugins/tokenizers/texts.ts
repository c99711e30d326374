/** Ranges of Unicode that texts are drawn from, as first and last code point. */
const SCRIPTS: readonly (readonly [number, number])[] = [
  [0x20, 0x7e],
  [0xa0, 0x17f],
  [0x300, 0x36f],
  [0x370, 0x3ff],
  [0x400, 0x4ff],
  [0x530, 0x58f],
  [0x590, 0x5ff],
  [0x600, 0x6ff],
  [0x900, 0x97f],
  [0xe00, 0xe7f],
  [0x10a0, 0x10ff],
  [0x1100, 0x11ff],
  [0x1e00, 0x1fff],
  [0x2000, 0x206f],
  [0x20a0, 0x20cf],
  [0x2100, 0x218f],
  [0x2460, 0x24ff],
  [0x3000, 0x30ff],
  [0x4e00, 0x4fff],
  [0xac00, 0xad00],
  [0xf900, 0xfaff],
  [0xfb00, 0xfdff],
  [0xff00, 0xffef],
  [0x1d400, 0x1d4ff],
  [0x1f300, 0x1f64f],
  [0x20000, 0x200ff],
];

const WORDS =
  'the hello world Hello WORLD naïve straße İstanbul ΣΑΣ don’t it’s 12,345.67 3rd x86_64 foo(bar) 東京タワー 안녕 ไทย שָׁלוֹם'.split(
    ' ',
  );
const SIGNS = [
  '\ufeff',
  '\u0085',
  '\u00a0',
  '\u2028',
  '\u3000',
  '\u200b',
  '\u200d',
  '\u00ad',
  '\t',
  '\n',
  '\r\n',
  '\r',
  '\u0000',
  '\u0007',
  '\u001b',
  '\ud800',
  '\udc00',
  'e\u0301',
  'a\u0323\u0307',
  '👩‍👩‍👧‍👦',
  '🏳️‍🌈',
  '🇩🇪',
  'ﬁ',
  '①',
  '½',
  'ſ',
  '▁',
  'Ġ',
  '\u202e',
];
const MARKS = ['<s>', '</s>', '<unk>', ' <mask> ', 'x<mask>', 'add', 'ADD', ' add ', 'addy', '[ tag ]', '[tag]'];

/** A generator of numbers below a bound, the same ones for a seed. */
function generator(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

/** Texts of many scripts, with signs between them that encoders disagree about. The same ones for a seed. */
export function textsOf(count: number, seed = 1): string[] {
  const below = generator(seed);
  const pick = <T>(list: readonly T[]): T => {
    const found = list[below(list.length)];
    if (found === undefined) throw new Error('an empty list');
    return found;
  };
  const piece = (): string => {
    const kind = below(10);
    if (kind < 3) return ' '.repeat(1 + below(3));
    if (kind < 5) return pick(WORDS);
    if (kind < 7) return pick(SIGNS);
    if (kind < 8) return pick(MARKS);
    const [first, last] = pick(SCRIPTS);
    return Array.from({ length: 1 + below(6) }, () => String.fromCodePoint(first + below(last - first + 1))).join('');
  };
  return Array.from({ length: count }, () => Array.from({ length: 1 + below(16) }, piece).join(''));
}
