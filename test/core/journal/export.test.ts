import type { JournalRecord } from '@assay/core/contracts/round-journal';
import { checkExportSignature, formatExport, parseExport } from '@assay/core/journal/export';
import { FIRST_PREVIOUS_HASH, entryHash } from '@assay/core/journal/hash';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const entry = {
  seed: '115792089237316195423570985008687907853269984665640564039457',
  losses: [4.25, 0.1],
  text: 'ä"\\',
};
const exported = {
  number: 3,
  previousHash: FIRST_PREVIOUS_HASH,
  hash: entryHash(FIRST_PREVIOUS_HASH, entry),
  entry,
  signature: `0x${'ab'.repeat(64)}`,
};
const record: JournalRecord = { type: 'round', position: 5, ...exported };
/** A journal without contents. */
const NOTHING = { part: () => undefined, attachment: () => undefined };
const HOTKEY = '5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty';

const changed = (change: object): string =>
  JSON.stringify({ ...(JSON.parse(formatExport(record, HOTKEY, NOTHING)) as object), ...change });

describe('an exported round', () => {
  it('is one line of canonical JSON that reads back whole', () => {
    const text = formatExport(record, HOTKEY, NOTHING);
    expect(text).toMatchInlineSnapshot(`
      "{"entry":{"losses":[4.25,0.1],"seed":"115792089237316195423570985008687907853269984665640564039457","text":"ä\\"\\\\"},"format":"assay-round","hash":"0aae8cee171f7dc51d8acee446498ace49aaebfe9e73148cf76a78d889825613","hotkey":"5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty","number":3,"previousHash":"0000000000000000000000000000000000000000000000000000000000000000","signature":"0xabababababababababababababababababababababababababababababababababababababababababababababababababababababababababababababababab","version":1}
      "
    `);
    expect(parseExport(text)).toEqual({ format: 'assay-round', version: 1, hotkey: HOTKEY, ...exported });
  });

  it.each([
    ['not JSON', '{', 'JOURNAL_EXPORT_MALFORMED'],
    ['something else', '{"format":"other"}', 'JOURNAL_EXPORT_MALFORMED'],
    ['without an entry', changed({ entry: undefined }), 'JOURNAL_EXPORT_MALFORMED'],
    ['with a member more', changed({ more: 1 }), 'JOURNAL_EXPORT_MALFORMED'],
    ['of a later format', changed({ version: 3 }), 'JOURNAL_EXPORT_VERSION'],
    ['with another entry', changed({ entry: { ...entry, losses: [4.25, 0.2] } }), 'JOURNAL_EXPORT_TAMPERED'],
    ['with another past', changed({ previousHash: '1'.repeat(64) }), 'JOURNAL_EXPORT_TAMPERED'],
    [
      'with a number that no double holds',
      changed({ entry: 1 }).replace('"entry":1', '"entry":1e999'),
      'JOURNAL_EXPORT_MALFORMED',
    ],
  ])('is refused when %s', (_what, text, code) => {
    expect(() => parseExport(text)).toThrow(expect.objectContaining({ code }));
  });

  it('is never taken with its entry changed in any digit', () => {
    const text = formatExport(record, undefined, NOTHING);
    const from = text.indexOf('"entry":') + 8;
    const digits = [...text.slice(from, text.indexOf('"format"')).matchAll(/\d/g)].map(({ index }) => from + index);
    fc.assert(
      fc.property(fc.constantFrom(...digits), fc.integer({ min: 1, max: 9 }), (at, by) => {
        const digit = (Number(text[at]) + by) % 10;
        expect(() => parseExport(text.slice(0, at) + String(digit) + text.slice(at + 1))).toThrow(
          expect.objectContaining({ code: 'JOURNAL_EXPORT_TAMPERED' }),
        );
      }),
    );
  });
});

describe('its signature', () => {
  it('is asked for over the 32 bytes of the hash', async () => {
    const asked: unknown[] = [];
    const verify = (message: Uint8Array, signature: Uint8Array, hotkey: string): Promise<boolean> => {
      asked.push([Buffer.from(message).toString('hex'), signature.length, hotkey]);
      return Promise.resolve(true);
    };
    await expect(checkExportSignature(parseExport(formatExport(record, HOTKEY, NOTHING)), verify)).resolves.toBe(
      'signed',
    );
    expect(asked).toEqual([[record.hash, 64, HOTKEY]]);
    await expect(checkExportSignature(parseExport(formatExport(record, undefined, NOTHING)), verify)).resolves.toBe(
      'unsigned',
    );
  });

  it('of somebody else is refused', async () => {
    const check = checkExportSignature(parseExport(formatExport(record, HOTKEY, NOTHING)), () =>
      Promise.resolve(false),
    );
    await expect(check).rejects.toMatchObject({ code: 'JOURNAL_EXPORT_SIGNATURE' });
  });
});
