import { isUtf8 } from 'node:buffer';

/** Says what is wrong with the text, never what stands in it. */
export class FlatJsonError extends Error {}

/** Values by name: bytes of UTF-8 for a text, a number or a truth value; null for null. Owned by the caller, who overwrites them. */
export type FlatFields = ReadonlyMap<string, Buffer | null>;

const MOST_FIELDS = 32;
const LONGEST_NAME = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BLANKS = new Set([0x20, 0x09, 0x0a, 0x0d]);
const ESCAPES = new Map<number, number>([
  [QUOTE, QUOTE],
  [BACKSLASH, BACKSLASH],
  [0x2f, 0x2f],
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
]);
const LITERAL = /^(?:true|false|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)$/;
const LONGEST_LITERAL = 32;

/**
 * A JSON object whose values are no lists and no objects, parsed from its bytes. `JSON.parse` would make strings of secrets,
 * and strings can't be overwritten. A name may stand once only.
 * @throws FlatJsonError
 */
export function parseFlatJson(bytes: Buffer): FlatFields {
  if (!isUtf8(bytes)) throw new FlatJsonError('it is neither JSON nor an encrypted key');
  return new Cursor(bytes).object();
}

/** Overwrites all values. */
export function eraseFields(fields: FlatFields): void {
  for (const value of fields.values()) value?.fill(0);
}

class Cursor {
  #at = 0;

  constructor(private readonly bytes: Buffer) {}

  object(): FlatFields {
    const fields = new Map<string, Buffer | null>();
    try {
      this.#blanks();
      if (this.bytes.length === this.#at) throw new FlatJsonError('it is empty');
      this.#expect(0x7b);
      this.#blanks();
      if (!this.#take(0x7d)) this.#fields(fields);
      this.#blanks();
      if (this.#at < this.bytes.length) throw new FlatJsonError('something stands after its JSON object');
      return fields;
    } catch (error) {
      eraseFields(fields);
      throw error;
    }
  }

  #fields(fields: Map<string, Buffer | null>): void {
    do {
      this.#blanks();
      const name = this.#text().toString('utf8');
      if (name.length > LONGEST_NAME || fields.size >= MOST_FIELDS)
        throw new FlatJsonError('its fields are no keyfile’s');
      if (fields.has(name)) throw new FlatJsonError('it has a field twice');
      this.#blanks();
      this.#expect(0x3a);
      this.#blanks();
      fields.set(name, this.#value());
      this.#blanks();
    } while (this.#take(0x2c));
    this.#expect(0x7d);
  }

  #value(): Buffer | null {
    const first = this.bytes[this.#at];
    if (first === QUOTE) return this.#text();
    if (first === 0x7b || first === 0x5b) throw new FlatJsonError('a field holds a list or an object');
    const start = this.#at;
    while (this.#at < this.bytes.length && this.#at - start <= LONGEST_LITERAL && !this.#endsLiteral()) this.#at += 1;
    const literal = this.bytes.toString('latin1', start, this.#at);
    if (literal === 'null') return null;
    if (!LITERAL.test(literal)) throw notJson();
    return Buffer.from(this.bytes.subarray(start, this.#at));
  }

  #endsLiteral(): boolean {
    const byte = this.bytes[this.#at] ?? 0;
    return byte === 0x2c || byte === 0x7d || BLANKS.has(byte);
  }

  /** A text without its quotes and escapes, in a buffer of its own. */
  #text(): Buffer {
    this.#expect(QUOTE);
    const roomy = Buffer.alloc(this.#closingQuote() - this.#at);
    try {
      let length = 0;
      while (!this.#take(QUOTE)) length = this.#character(roomy, length);
      const text = Buffer.alloc(length);
      roomy.copy(text, 0, 0, length);
      return text;
    } finally {
      roomy.fill(0);
    }
  }

  #closingQuote(): number {
    for (let at = this.#at; at < this.bytes.length; at += 1) {
      if (this.bytes[at] === QUOTE) return at;
      if (this.bytes[at] === BACKSLASH) at += 1;
    }
    throw notJson();
  }

  /** Writes the next character at `length`, and returns where the one after it goes. An escape never grows. */
  #character(target: Buffer, length: number): number {
    const byte = this.bytes[this.#at] ?? 0;
    this.#at += 1;
    if (byte < 0x20) throw notJson();
    if (byte !== BACKSLASH) return target.writeUInt8(byte, length);
    const kind = this.bytes[this.#at] ?? 0;
    this.#at += 1;
    const plain = ESCAPES.get(kind);
    if (plain !== undefined) return target.writeUInt8(plain, length);
    // No field of a keyfile needs more than ASCII.
    const code = kind === 0x75 ? this.#hexadecimal() : 0x80;
    if (code > 0x7f) throw new FlatJsonError('a text in it has an escape that no keyfile needs');
    return target.writeUInt8(code, length);
  }

  #hexadecimal(): number {
    const digits = this.bytes.toString('latin1', this.#at, this.#at + 4);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw notJson();
    this.#at += 4;
    return Number.parseInt(digits, 16);
  }

  #blanks(): void {
    while (BLANKS.has(this.bytes[this.#at] ?? 0)) this.#at += 1;
  }

  #take(byte: number): boolean {
    if (this.bytes[this.#at] !== byte) return false;
    this.#at += 1;
    return true;
  }

  #expect(byte: number): void {
    if (!this.#take(byte)) throw notJson();
  }
}

const notJson = (): FlatJsonError => new FlatJsonError('it is neither JSON nor an encrypted key');
