import { LineReader } from '@assay/core/evaluation/line-reader';
import fc from 'fast-check';
import { expect, it } from 'vitest';

function read(chunks: readonly Buffer[], limit?: number): { lines: string[]; overflows: number } {
  const lines: string[] = [];
  let overflows = 0;
  const reader = new LineReader(
    (line) => lines.push(line),
    () => (overflows += 1),
    limit,
  );
  for (const chunk of chunks) if (overflows === 0) reader.push(chunk);
  return { lines, overflows };
}

it('lines are the same however the bytes arrive', () => {
  const line = fc.string({ unit: fc.constantFrom('a', '"', '\r', 'é', '漢', '😀'), maxLength: 12 });
  fc.assert(
    fc.property(fc.array(line, { maxLength: 6 }), fc.array(fc.nat(), { maxLength: 6 }), (lines, cuts) => {
      const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
      const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
      const chunks = places.slice(1).map((end, index) => bytes.subarray(places[index] ?? 0, end));
      expect(read(chunks)).toEqual({ lines, overflows: 0 });
    }),
  );
});

it.each([
  [['123\n'], 3, ['123'], 0],
  [['1234\n'], 3, [], 1],
  [['12', '34'], 3, [], 1],
  [['1\n2\n', '345', '6'], 3, ['1', '2'], 1],
])('%j with at most %i bytes a line', (texts, limit, lines, overflows) => {
  expect(
    read(
      texts.map((text) => Buffer.from(text)),
      limit,
    ),
  ).toEqual({ lines, overflows });
});
