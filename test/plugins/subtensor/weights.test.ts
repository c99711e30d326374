import { TypeRegistry } from '@polkadot/types';
import { pairsOf } from '@assay/plugin-subtensor/dist/read/weights.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const u16 = fc.integer({ min: 0, max: 65_535 });
const registry = new TypeRegistry();
const hexOf = (bytes: Uint8Array): string => `0x${Buffer.from(bytes).toString('hex')}`;

describe('a row of weights', () => {
  it('is what polkadot decodes, whatever its length', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(fc.tuple(u16, u16), { maxLength: 70 }),
          fc
            .constantFrom(63, 64, 2500, 16_383, 16_384)
            .map((length) => Array.from({ length }, (_, uid) => [uid, 7] as const)),
        ),
        (row) => {
          const hex = hexOf(registry.createType('Vec<(u16,u16)>', row).toU8a());
          expect(pairsOf(hex)).toEqual(row);
        },
      ),
    );
  });

  it.each([
    ['no byte', '0x'],
    ['a length alone', '0x04'],
    ['one pair in place of two', '0x0801000200'],
    ['a byte too many', '0x040100020000'],
    ['half of a length', '0x01'],
    ['a length of the longest kind', '0x0300000000'],
  ])('of %s is refused', (_name, hex) => {
    expect(() => pairsOf(hex)).toThrow(expect.objectContaining({ code: 'ANSWER_MALFORMED' }));
  });
});
