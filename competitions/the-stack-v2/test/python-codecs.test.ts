import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { describe, expect, it } from 'vitest';
import { pythonDecoder } from '../dist/codecs/python-codecs.js';
import { UnitTable } from '../dist/codecs/unit-table.js';
import { unitsOf } from '../dist/codecs/units.js';

const fixture = <T>(name: string, shape: z.ZodType<T>): T =>
  shape.parse(JSON.parse(readFileSync(join(import.meta.dirname, 'fixtures', name), 'utf8')));
const digests = fixture(
  'python-codecs.json',
  z.record(z.string(), z.object({ units: z.number(), digest: z.string() })),
);
const decoded = fixture('python-decoded.json', z.array(z.tuple([z.string(), z.string(), z.string().nullable()])));

describe("a codec of Python's", () => {
  it.each(Object.entries(digests))(
    '%s has every unit that it has there, with its text, and no other',
    { timeout: 180_000 },
    (codec, expected) => {
      const table = new UnitTable(codec);
      const hash = createHash('sha256');
      let units = 0;
      for (const unit of unitsOf(codec, (byte) => table.text(Buffer.from([byte]), 0, 1) !== undefined)) {
        const text = table.text(unit, 0, unit.length);
        if (text === undefined) continue;
        units += 1;
        hash.update(`${unit.toString('hex')} ${text}\n`);
      }
      expect({ units, digest: hash.digest('hex') }).toEqual(expected);
    },
  );

  it.each([...new Set(decoded.map(([codec]) => codec))])('%s makes of random bytes what it makes there', (codec) => {
    const ours = decoded.filter(([of]) => of === codec);
    expect(ours.map(([, hex]) => pythonDecoder(codec)?.(Buffer.from(hex, 'hex')) ?? null)).toEqual(
      ours.map(([, , text]) => text),
    );
  });

  it.each<[encoding: string, isKnown: boolean]>([
    ['UTF-8', true],
    ['utf 8', true],
    ['ISO_8859-1:1987', true],
    ['Latin-1', true],
    ['windows-1251', true],
    ['GB2312', true],
    ['cp936', true],
    ['Big5-HKSCS', true],
    ['HZ-GB-2312', true],
    ['iso.8859.1', true],
    ['mac roman', true],
    ['maccyrillic', true],
    ['x-mac-cyrillic', false],
    ['macintosh', true],
    ['EUC-TW', false],
    ['ISO-2022-CN', false],
    ['VISCII', false],
    ['base64', false],
    ['rot13', false],
    ['', false],
    ['__proto__', false],
    ['constructor', false],
  ])('is found by the name %s: %s', (encoding, isKnown) => {
    expect(pythonDecoder(encoding) !== undefined).toBe(isKnown);
  });
});
