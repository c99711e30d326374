/** An exception of the reference, by its Python name. */
export class ParseFailure extends Error {
  constructor(
    readonly python: 'IndexError' | 'ValueError',
    message: string,
  ) {
    super(message);
  }
}

/** sys.set_int_max_str_digits: longer literals are refused, which also bounds the time of a conversion. */
const MAX_DIGITS = 4300;
/** Characters of the literal that CPython's message shows. */
const SHOWN = 200;

/** ASCII and wider spaces that int() skips; JavaScript's \s has U+FEFF besides and lacks U+0085. */
const AROUND =
  /^[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+|[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+$/gu;
const LITERAL = /^([+-]?)(\p{Nd}+(?:_\p{Nd}+)*)$/u;

/**
 * CPython 3.11's int(text): spaces around, a sign, decimal digits of any script, single underscores between digits.
 * @throws ParseFailure with CPython's message
 */
export function pythonInt(text: string): bigint {
  const [, sign, literal] = LITERAL.exec(text.replace(AROUND, '')) ?? [];
  if (literal === undefined) {
    const shown = Array.from(pythonRepr(text)).slice(0, SHOWN).join('');
    throw new ParseFailure('ValueError', `invalid literal for int() with base 10: ${shown}`);
  }
  const digits = Array.from(literal.replaceAll('_', ''));
  if (digits.length > MAX_DIGITS) {
    const message = `Exceeds the limit (${MAX_DIGITS} digits) for integer string conversion: value has ${digits.length} digits`;
    throw new ParseFailure('ValueError', `${message}; use sys.set_int_max_str_digits() to increase the limit`);
  }
  const magnitude = BigInt(digits.map(digitValue).join(''));
  return sign === '-' ? -magnitude : magnitude;
}

/** Decimal digits come in runs of ten that begin at a zero; count back to it. */
function digitValue(digit: string): number {
  const point = digit.codePointAt(0) ?? 0;
  // The mathematical digits are five runs that touch.
  if (point >= 0x1d7ce && point <= 0x1d7ff) return (point - 0x1d7ce) % 10;
  let zero = point;
  while (point - zero < 9 && /^\p{Nd}$/u.test(String.fromCodePoint(zero - 1))) zero -= 1;
  return point - zero;
}

const NAMED: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };
const UNPRINTABLE = /^[\p{C}\p{Z}]$/u;

/** CPython's repr of a string: double quotes only where they save escaping, and what does not print as its number. */
function pythonRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const body = Array.from(text).map((character) => {
    if (character === quote) return `\\${quote}`;
    if (character === ' ' || !UNPRINTABLE.test(character)) return NAMED[character] ?? character;
    return NAMED[character] ?? escaped(character.codePointAt(0) ?? 0);
  });
  return `${quote}${body.join('')}${quote}`;
}

function escaped(point: number): string {
  const hex = point.toString(16);
  if (point <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return point <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}
