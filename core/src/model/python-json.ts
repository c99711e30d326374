/** Why a document can't be used. */
export class UnusableJson extends Error {
  constructor(
    message: string,
    /** True where the bytes are no JSON document at all. The library goes on without some files of that kind. */
    readonly isMalformed: boolean,
  ) {
    super(message);
  }
}

/** The library fails somewhere between 400 and 900 levels, when it copies the config. */
const MAX_DEPTH = 400;
/** Python refuses to convert an integer of more digits. */
const MAX_INTEGER_DIGITS = 4300;

const BLANK = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/y;
const WORDS: readonly (readonly [word: string, value: unknown])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
];

export interface PythonDocument {
  value: unknown;
  /** Keys of the outermost object whose value is a number that Python reads as a float: 2.0 is one, 2 is not. */
  floats: ReadonlySet<string>;
}

/**
 * A document as Python's `json.loads` reads it: JSON, and the words NaN, Infinity and -Infinity for numbers. Of equal keys
 * the last one counts. Keys become own properties whatever their name is.
 * @throws UnusableJson
 */
export const parsePythonJson = (text: string): PythonDocument => new Parser(text).document();

class Parser {
  #at = 0;
  #depth = 0;
  /** Whether the value read last is a float. */
  #wasFloat = false;
  readonly #floats = new Set<string>();

  constructor(private readonly text: string) {}

  document(): PythonDocument {
    this.#skipBlank();
    const value = this.#value();
    this.#skipBlank();
    if (this.#at < this.text.length) throw this.#malformed();
    return { value, floats: this.#floats };
  }

  #value(): unknown {
    this.#wasFloat = false;
    switch (this.text[this.#at]) {
      case '{':
        return this.#nested(() => this.#object());
      case '[':
        return this.#nested(() => this.#array());
      case '"':
        return this.#string();
      default:
        return this.#word();
    }
  }

  #nested<T>(read: () => T): T {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw new UnusableJson(`it is nested deeper than ${MAX_DEPTH}`, false);
    this.#at += 1;
    this.#skipBlank();
    const value = read();
    this.#depth -= 1;
    this.#wasFloat = false;
    return value;
  }

  #object(): unknown {
    const members = new Map<string, unknown>();
    if (this.#takes('}')) return {};
    do {
      this.#skipBlank();
      const key = this.#string();
      this.#skipBlank();
      this.#require(':');
      this.#skipBlank();
      members.set(key, this.#value());
      if (this.#depth === 1) this.#note(key);
      this.#skipBlank();
    } while (this.#takes(','));
    this.#require('}');
    return Object.fromEntries(members);
  }

  #note(key: string): void {
    if (this.#wasFloat) this.#floats.add(key);
    else this.#floats.delete(key);
  }

  #array(): unknown[] {
    const items: unknown[] = [];
    if (this.#takes(']')) return items;
    do {
      this.#skipBlank();
      items.push(this.#value());
      this.#skipBlank();
    } while (this.#takes(','));
    this.#require(']');
    return items;
  }

  /** JSON.parse knows the escapes, and refuses control characters as Python does. */
  #string(): string {
    const start = this.#at;
    if (this.text[start] !== '"') throw this.#malformed();
    let end = start + 1;
    while (end < this.text.length && this.text[end] !== '"') end += this.text[end] === '\\' ? 2 : 1;
    this.#at = end + 1;
    try {
      return String(JSON.parse(this.text.slice(start, end + 1)));
    } catch {
      throw this.#malformed();
    }
  }

  #word(): unknown {
    const word = WORDS.find(([name]) => this.text.startsWith(name, this.#at));
    if (word) {
      this.#at += word[0].length;
      this.#wasFloat = typeof word[1] === 'number';
      return word[1];
    }
    NUMBER.lastIndex = this.#at;
    const found = NUMBER.exec(this.text);
    if (!found) throw this.#malformed();
    const [digits, fraction, exponent] = found;
    const isInteger = fraction === undefined && exponent === undefined;
    if (isInteger && digits.replace('-', '').length > MAX_INTEGER_DIGITS)
      throw new UnusableJson(`it has an integer of more than ${MAX_INTEGER_DIGITS} digits`, false);
    this.#at += digits.length;
    this.#wasFloat = !isInteger;
    return Number(digits);
  }

  #skipBlank(): void {
    BLANK.lastIndex = this.#at;
    this.#at += BLANK.exec(this.text)?.[0].length ?? 0;
  }

  #takes(mark: string): boolean {
    if (this.text[this.#at] !== mark) return false;
    this.#at += 1;
    return true;
  }

  #require(mark: string): void {
    if (!this.#takes(mark)) throw this.#malformed();
  }

  #malformed(): UnusableJson {
    return new UnusableJson('it is not JSON', true);
  }
}
