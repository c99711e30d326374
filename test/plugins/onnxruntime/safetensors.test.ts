import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAssayError } from '@assay/core/errors/assay-error';
import { parseHeader, readSafetensorsHeader, type TensorEntry } from '@assay/lib-model-graph/files/safetensors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assembled, safetensors } from './folders.js';
import { scratchFolder } from './scratch.js';

class Refused extends Error {}
const refuse = (reason: string): never => {
  throw new Refused(reason);
};

const START = 1000;

function parse(header: string, dataBytes: number): TensorEntry[] {
  return parseHeader(Buffer.from(header), START, START + dataBytes, refuse).tensors;
}

const ENTRY = '{"dtype":"F32","shape":[2],"data_offsets":[0,8]}';

describe('safetensors header', () => {
  it('reads what the format writes', () => {
    expect(
      parse(
        `{"__metadata__":{"format":"pt"},"b":{"dtype":"BF16","shape":[2,2],"data_offsets":[8,16]},"a":${ENTRY}}   `,
        16,
      ),
    ).toEqual([
      { name: 'b', dtype: 'BF16', shape: [2, 2], offset: START + 8, length: 8 },
      { name: 'a', dtype: 'F32', shape: [2], offset: START, length: 8 },
    ]);
  });

  it.each([
    ['no tensors', '{}', 0],
    ['an empty tensor', '{"a":{"dtype":"F32","shape":[0,5],"data_offsets":[0,0]}}', 0],
    ['a number', '{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}', 4],
  ])('takes %s', (_what, header, bytes) => {
    expect(() => parse(header, bytes)).not.toThrow();
  });

  it.each([
    ['no object', '[]', 0],
    ['a space before it', ` {"a":${ENTRY}}`, 8],
    ['a byte order mark', `\ufeff{"a":${ENTRY}}`, 8],
    ['a tensor twice', `{"a":${ENTRY},"a":${ENTRY}}`, 8],
    ['the same name in another spelling', `{"a":${ENTRY},"\\u0061":${ENTRY}}`, 8],
    ['a member twice', '{"a":{"dtype":"F32","dtype":"BF16","shape":[2],"data_offsets":[0,8]}}', 8],
    ['a hole at the start', '{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}', 12],
    ['a hole between', `{"a":${ENTRY},"b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}`, 16],
    ['an overlap', `{"a":${ENTRY},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}`, 12],
    ['the same bytes twice', `{"a":${ENTRY},"b":${ENTRY}}`, 8],
    ['data left over', `{"a":${ENTRY}}`, 12],
    ['data missing', `{"a":${ENTRY}}`, 4],
    ['offsets the wrong way round', '{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}', 8],
    ['three offsets', '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}}', 8],
    ['a negative offset', '{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}', 8],
    ['a fraction', '{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}', 8],
    ['an exponent', '{"a":{"dtype":"F32","shape":[2e0],"data_offsets":[0,8]}}', 8],
    ['an offset of 2^53', '{"a":{"dtype":"F32","shape":[2],"data_offsets":[9007199254740992,9007199254741000]}}', 8],
    ['a product past 2^53', '{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}', 8],
    [
      'a product that wraps to its bytes',
      '{"a":{"dtype":"F32","shape":[9223372036854775808,2],"data_offsets":[0,0]}}',
      0,
    ],
    ['too many dimensions', '{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]}}', 8],
    ['no shape', '{"a":{"dtype":"F32","data_offsets":[0,8]}}', 8],
    ['a list for an entry', '{"a":[]}', 0],
    ['null for an entry', '{"a":null}', 0],
    ['metadata that are no strings', '{"__metadata__":{"a":1}}', 0],
    ['nested metadata', '{"__metadata__":{"a":{"b":"c"}}}', 0],
    ['a type from the prototype', '{"a":{"dtype":"constructor","shape":[2],"data_offsets":[0,8]}}', 8],
    ['a line feed in a name', `{"a\\nb":${ENTRY}}`, 8],
    ['a name of a thousand characters', `{"${'a'.repeat(1000)}":${ENTRY}}`, 8],
    ['depth', `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 0],
    ['breadth', `{"a":{"dtype":"F32","shape":[${'1,'.repeat(2_000_000)}1],"data_offsets":[0,4]}}`, 4],
  ])('refuses %s', (_what, header, bytes) => {
    expect(() => parse(header, bytes)).toThrow(Refused);
  });

  const known = fc.constantFrom('F32', 'F16', 'BF16', 'I64', 'U8');
  const width: Readonly<Record<string, number>> = { F32: 4, F16: 2, BF16: 2, I64: 8, U8: 1 };
  const tensors = fc.uniqueArray(
    fc.record({
      name: fc.stringMatching(/^[a-z.0-9]{1,12}$/),
      dtype: known,
      shape: fc.array(fc.nat(4), { maxLength: 4 }),
    }),
    {
      selector: ({ name }) => name,
      maxLength: 8,
    },
  );
  const withBytes = (
    given: { name: string; dtype: string; shape: number[] }[],
  ): { name: string; dtype: string; shape: number[]; bytes: Buffer }[] =>
    given.map((tensor) => ({
      ...tensor,
      bytes: Buffer.alloc((width[tensor.dtype] ?? 0) * tensor.shape.reduce((a, b) => a * b, 1)),
    }));

  it('every file that is written well is read back', async () => {
    const folder = scratchFolder();
    await fc.assert(
      fc.asyncProperty(tensors, async (given) => {
        const path = join(folder, 'model.safetensors');
        writeFileSync(path, assembled(withBytes(given)));
        const { tensors: read, format } = await readSafetensorsHeader(path, 'model.safetensors');
        expect(format).toBe('pt');
        expect(new Map(read.map(({ name, dtype, shape }) => [name, { dtype, shape }]))).toEqual(
          new Map(given.map(({ name, dtype, shape }) => [name, { dtype, shape }])),
        );
      }),
      { numRuns: 50 },
    );
  });

  it('whatever the bytes, it is refused, or every tensor lies within the file', async () => {
    const folder = scratchFolder();
    const path = join(folder, 'model.safetensors');
    const spoilt = fc
      .tuple(tensors, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }))
      .map(([given, changes]) => {
        const bytes = assembled(withBytes(given));
        // Most of the changes go where they hurt: into the length and the header.
        for (const [place, value] of changes) bytes[place % Math.min(bytes.length, 200)] = value;
        return bytes;
      });
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          spoilt,
          fc.json().map((text) => safetensors(text, Buffer.alloc(8))),
        ),
        async (bytes) => {
          writeFileSync(path, bytes);
          try {
            const { tensors: read } = await readSafetensorsHeader(path, 'model.safetensors');
            for (const { offset, length } of read) expect(offset + length).toBeLessThanOrEqual(bytes.length);
            expect(read.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(bytes.length);
          } catch (error) {
            expect(isAssayError(error) && error.code).toBe('SAFETENSORS_MALFORMED');
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
