import { batchSequences, packSequences, padDocuments, shuffleAndTruncate } from '@assay/core/sampling/packing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const EOS = 256;
const length = fc.integer({ min: 1, max: 12 });
const documents = fc.array(fc.array(fc.nat(255), { maxLength: 30 }), { maxLength: 12 });
const streamOf = (all: readonly number[][]): number[] => all.flatMap((document) => [...document, EOS]);

describe('packSequences', () => {
  it('cuts the stream into whole sequences and drops the rest', () => {
    fc.assert(
      fc.property(documents, length, (all, size) => {
        const stream = streamOf(all);
        const sequences = packSequences(stream, size);
        expect(sequences.every((sequence) => sequence.length === size)).toBe(true);
        expect(sequences.flat()).toEqual(stream.slice(0, stream.length - (stream.length % size)));
      }),
    );
  });
});

describe('padDocuments', () => {
  it('begins every document at a sequence, loses no token and adds only end-of-text', () => {
    fc.assert(
      fc.property(documents, length, (all, size) => {
        const padded = padDocuments(streamOf(all), EOS, size);
        let position = 0;
        for (const document of all) {
          expect(padded.slice(position, position + document.length)).toEqual(document);
          const room = Math.ceil(document.length / size) * size;
          expect(padded.slice(position + document.length, position + room).every((token) => token === EOS)).toBe(true);
          position += room;
        }
        expect(padded).toHaveLength(position);
      }),
    );
  });

  // A document of exactly a multiple ends without any mark: seen in the reference's own batches.
  it.each([
    [[1, 2, EOS], 4, [1, 2, EOS, EOS]],
    [[1, 2, 3, EOS], 4, [1, 2, 3, EOS]],
    [[1, 2, 3, 4, EOS], 4, [1, 2, 3, 4]],
    [[1, 2, 3, 4, 5, EOS], 4, [1, 2, 3, 4, 5, EOS, EOS, EOS]],
    [[EOS, EOS, 1, EOS], 2, [1, EOS]],
    [[1, EOS, 2], 2, [1, EOS]],
  ])('pads %j to multiples of %i', (stream, size, expected) => {
    expect(padDocuments(stream, EOS, size)).toEqual(expected);
  });
});

describe('batchSequences', () => {
  it('keeps the order and drops an incomplete batch', () => {
    expect(batchSequences([[1], [2], [3], [4], [5]], 2)).toEqual([
      [[1], [2]],
      [[3], [4]],
    ]);
  });
});

describe('shuffleAndTruncate', () => {
  it('takes distinct batches, at most the limit, and leaves the input alone', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 1n << 256n }),
        fc.nat(120),
        fc.integer({ min: 1, max: 60 }),
        (seed, count, limit) => {
          const batches = Array.from({ length: count }, (_none, index) => index);
          const chosen = shuffleAndTruncate(batches, seed, limit);
          expect(chosen).toHaveLength(Math.min(count, limit));
          expect(new Set(chosen).size).toBe(chosen.length);
          expect(batches).toEqual([...batches].sort((a, b) => a - b));
          // A smaller limit takes the beginning of the same order.
          expect(shuffleAndTruncate(batches, seed, 1)).toEqual(chosen.slice(0, 1));
        },
      ),
      { numRuns: 50 },
    );
  });

  it('takes all when nothing is said', () => {
    expect(shuffleAndTruncate(Array.from({ length: 80 }), 1n)).toHaveLength(80);
  });
});
