import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { unitLength, unitText } from './units.js';

const shape = z.object({
  aliases: z.record(z.string(), z.string()),
  codecs: z.record(
    z.string(),
    z.object({ refuses: z.string().optional(), differs: z.record(z.string(), z.string()).optional() }),
  ),
});
let asset: z.infer<typeof shape> | undefined;

/** Names and tables of CPython 3.11, as far as they are not iconv-lite's. Read when they are first needed. */
export function python(): z.infer<typeof shape> {
  asset ??= shape.parse(JSON.parse(readFileSync(new URL('../../assets/python-codecs.json', import.meta.url), 'utf8')));
  return asset;
}

const tables = new Map<string, UnitTable>();

export function tableOf(codec: string): UnitTable {
  const known = tables.get(codec) ?? new UnitTable(codec);
  tables.set(codec, known);
  return known;
}

/** A codec whose characters each are a unit of one to four bytes. */
export class UnitTable {
  /** Text of each byte that is a unit by itself. */
  readonly #alone: readonly (string | undefined)[];
  /** Of two and of three bytes, by their value. */
  readonly #longer = new Map<number, string | undefined>();
  readonly #differs: Readonly<Record<string, string>>;
  readonly #refuses: readonly (readonly [first: string, last: string])[];

  constructor(private readonly codec: string) {
    const { refuses = '', differs = {} } = python().codecs[codec] ?? {};
    this.#differs = differs;
    this.#refuses = refuses.split(' ').map((run) => {
      const [first = '', last = first] = run.split('-');
      return [first, last];
    });
    this.#alone = Array.from({ length: 256 }, (_none, byte) => this.#look(Buffer.from([byte])));
  }

  decode(bytes: Buffer): string | undefined {
    const texts: string[] = [];
    for (let at = 0; at < bytes.length;) {
      const lead = bytes[at] ?? 0;
      const alone = this.#alone[lead];
      const length = alone === undefined ? unitLength(this.codec, lead, bytes[at + 1]) : 1;
      const text = alone ?? this.text(bytes, at, length);
      if (text === undefined) return undefined;
      texts.push(text);
      at += length;
    }
    return texts.join('');
  }

  /** Text of the unit at a place; undefined where it is none. */
  text(bytes: Buffer, at: number, length: number): string | undefined {
    if (at + length > bytes.length) return undefined;
    if (length === 1) return this.#alone[bytes[at] ?? 0];
    const unit = bytes.subarray(at, at + length);
    // Of those with four bytes there are a million, and they are rare.
    if (length > 3) return this.#look(unit);
    const key = unit.readUIntBE(0, length);
    if (!this.#longer.has(key)) this.#longer.set(key, this.#look(unit));
    return this.#longer.get(key);
  }

  #look(unit: Buffer): string | undefined {
    const key = unit.toString('hex');
    const isRefused = this.#refuses.some(([first, last]) => first.length === key.length && first <= key && key <= last);
    return this.#differs[key] ?? (isRefused ? undefined : unitText(this.codec, unit));
  }
}
