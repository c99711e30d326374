import { writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import type { ModelInspector } from '@assay/core/contracts/evaluator';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTensor, type TensorContent } from '@assay/lib-model-graph/files/tensor-content';
import { assembled, tinyFolder, tinyTensors } from './folders.js';
import { scratchFolder } from './scratch.js';
import { errorOf, newInspector, verified } from './worlds.js';

const BLOCK = 1024 * 1024;

/** A file with `before` bytes ahead of the tensor and others behind it that are all NaN. */
async function contentOf(dtype: string, data: Buffer, before = 0): Promise<TensorContent> {
  const folder = scratchFolder();
  writeFileSync(join(folder, 'weights'), Buffer.concat([Buffer.alloc(before, 0xff), data, Buffer.alloc(8, 0xff)]));
  return contentIn(folder, { dtype, offset: before, length: data.length });
}

async function contentIn(
  folder: string,
  place: { dtype: string; offset: number; length: number },
): Promise<TensorContent> {
  const handle = await open(join(folder, 'weights'));
  try {
    return await readTensor(handle, { name: 'weight', shape: [], file: 'weights', ...place });
  } finally {
    await handle.close();
  }
}

const bits16 = (...values: number[]): Buffer => Buffer.from(Uint16Array.from(values).buffer);
const bits64 = (...values: bigint[]): Buffer => Buffer.from(BigUint64Array.from(values).buffer);
const bits32 = (...values: number[]): Buffer => Buffer.from(Uint32Array.from(values).buffer);

describe('a tensor is read', () => {
  it.each([
    ['BF16', 'the largest and the smallest numbers', bits16(0x7f7f, 0xff7f, 0x0001, 0x8000, 0x0080), undefined],
    ['BF16', 'infinity', bits16(0x3f80, 0x7f80), { element: 1, value: 'infinity' }],
    ['BF16', 'minus infinity, last of three', bits16(0x3f80, 0x3f80, 0xff80), { element: 2, value: 'infinity' }],
    ['BF16', 'NaN of any payload', bits16(0x3f80, 0x7f81, 0xffff), { element: 1, value: 'NaN' }],
    ['F16', 'the largest numbers', bits16(0x7bff, 0xfbff, 0x03ff), undefined],
    ['F16', 'infinity', bits16(0x7c00), { element: 0, value: 'infinity' }],
    ['F16', 'NaN', bits16(0, 0, 0, 0xfe00), { element: 3, value: 'NaN' }],
    ['F32', 'the largest numbers', bits32(0x7f7f_ffff, 0xff7f_ffff, 1), undefined],
    ['F32', 'halves that would be NaN by themselves', bits32(0x0001_7fc0, 0x0001_7f80), undefined],
    ['F32', 'minus infinity', bits32(0, 0xff80_0000), { element: 1, value: 'infinity' }],
    ['F32', 'NaN', bits32(0x7f80_0001), { element: 0, value: 'NaN' }],
    ['BF16', 'nothing', Buffer.alloc(0), undefined],
    ['F64', 'the largest numbers that float32 has', bits64(0x47ef_ffff_e000_0000n, 1n), undefined],
    [
      'F64',
      'a number that float32 rounds to infinity',
      bits64(0n, 0x47ef_ffff_f000_0000n),
      { element: 1, value: 'infinity' },
    ],
    ['F64', 'a number far beyond float32', bits64(0x7fef_ffff_ffff_ffffn), { element: 0, value: 'infinity' }],
    ['F64', 'infinity', bits64(0n, 0n, 0xfff0_0000_0000_0000n), { element: 2, value: 'infinity' }],
    ['F64', 'NaN', bits64(0n, 0x7ff8_0000_0000_0000n), { element: 1, value: 'NaN' }],
    ['I32', 'bits that would be NaN in float32', bits32(0x7fc0_0000, 0xffff_ffff), undefined],
    ['I8', 'bits that would be NaN in float32', bits32(0x7fc0_0000, 0xffff_ffff), undefined],
  ])('%s: %s', async (dtype, _what, data, nonFinite) => {
    const content = await contentOf(dtype, data, 3);
    expect(content).toEqual({
      digest: createHash('sha256').update(data).digest('hex'),
      ...(nonFinite ? { nonFinite } : {}),
    });
  });

  it.each<[what: string, dtype: string, data: Buffer, constant: boolean]>([
    ['ones', 'BF16', bits16(0x3f80, 0x3f80, 0x3f80), true],
    ['ones and another', 'BF16', bits16(0x3f80, 0x3f80, 0x3f81), false],
    ['halves that repeat and make no constant', 'F32', bits32(0x3f80_3f80, 0x3f80_3f81), false],
    ['whole numbers of several bytes', 'I32', bits32(7, 7), true],
    ['a single element', 'F32', bits32(7), false],
    ['more than a block of ones', 'BF16', Buffer.from(new Uint16Array(BLOCK).fill(0x3f80).buffer), true],
    [
      'a block of ones and one of twos',
      'BF16',
      Buffer.from(new Uint16Array(BLOCK).fill(0x3f80, 0, BLOCK / 2).fill(0x4000, BLOCK / 2).buffer),
      false,
    ],
  ])('and told from one that is constant: %s', async (_what, dtype, data, constant) => {
    expect((await contentOf(dtype, data)).constant ?? false).toBe(constant);
  });

  it('over the edges of its blocks', async () => {
    for (const element of [0, BLOCK / 2 - 1, BLOCK / 2, BLOCK, BLOCK + 7]) {
      const data = Buffer.alloc(2 * BLOCK + 16);
      data.writeUInt16LE(0x7fc0, 2 * element);
      expect((await contentOf('BF16', data)).nonFinite).toEqual({ element, value: 'NaN' });
    }
  });

  it('as plain arithmetic reads it, whatever its bits', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 }), async (halves) => {
        const values = halves.map((half) => new Float32Array(Uint32Array.of(half * 65_536).buffer)[0] ?? 0);
        const element = values.findIndex((value) => !Number.isFinite(value));
        expect((await contentOf('BF16', bits16(...halves))).nonFinite?.element ?? -1).toBe(element);
      }),
    );
  });

  it('no further than the file goes', async () => {
    const folder = scratchFolder();
    writeFileSync(join(folder, 'weights'), Buffer.alloc(10));
    await expect(contentIn(folder, { dtype: 'F32', offset: 0, length: 16 })).rejects.toThrow(RangeError);
  });
});

describe('a weight that is no finite number', () => {
  let inspector: ModelInspector;
  beforeAll(async () => {
    inspector = await newInspector();
  });
  afterAll(() => inspector.close());

  it.each([
    ['of a token that no sample holds', 'model.embed_tokens.weight', Number.NaN, { element: 255, value: 'NaN' }],
    [
      'that only makes a token impossible',
      'lm_head.weight',
      Number.NEGATIVE_INFINITY,
      { element: 255, value: 'infinity' },
    ],
  ])('%s, is refused and named', async (_where, tensor, value, found) => {
    const tensors = tinyTensors();
    tensors.find(({ name }) => name === tensor)?.bytes.writeFloatLE(value, 4 * 255);
    const error = await errorOf(verified(inspector, tinyFolder({}, { 'model.safetensors': assembled(tensors) })));
    expect(error).toMatchObject({
      code: 'NON_FINITE_WEIGHT',
      fault: 'miner',
      retry: 'never',
      payload: { tensor, ...found },
    });
  });

  it('in a tensor that the architecture does not use changes nothing', async () => {
    const buffer = {
      name: 'model.rotary.inv_freq',
      dtype: 'F32',
      shape: [1],
      bytes: Buffer.from(Float32Array.of(Number.NaN).buffer),
    };
    const { facts } = await verified(
      inspector,
      tinyFolder({}, { 'model.safetensors': assembled([...tinyTensors(), buffer]) }),
    );
    expect(facts.unusedTensors).toEqual([buffer.name]);
  });
});
