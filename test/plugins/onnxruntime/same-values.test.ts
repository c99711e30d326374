import { haveSameValues } from '@assay/lib-model-graph/files/same-values';
import type { StoredTensor } from '@assay/lib-model-graph/files/weights';
import { describe, expect, it } from 'vitest';
import { folderOf } from './folders.js';

const floats = (...values: number[]): Buffer => Buffer.from(Float32Array.from(values).buffer);
/** The upper half of each float32. */
const brains = (...values: number[]): Buffer => Buffer.concat(values.map((value) => floats(value).subarray(2)));
const doubles = (...values: number[]): Buffer => Buffer.from(Float64Array.from(values).buffer);
const stored = (file: string, dtype: string, elements: number): StoredTensor => ({
  ...{ name: 'x', file, dtype, shape: [elements], offset: 0 },
  length: 0,
});

describe('two tensors', () => {
  it.each<[what: string, one: [string, Buffer], other: [string, Buffer], same: boolean]>([
    ['of the same bytes', ['F32', floats(1, 2)], ['F32', floats(1, 2)], true],
    ['that differ in the last element', ['F32', floats(1, 2)], ['F32', floats(1, 3)], false],
    ['of two types and the same values', ['F32', floats(1, 0.5)], ['BF16', brains(1, 0.5)], true],
    ['of two types that differ', ['F32', floats(1, 0.501)], ['BF16', brains(1, 0.501)], false],
    ['that are equal once both are float32', ['F32', floats(0.1)], ['F64', doubles(0.1)], true],
    ['of zeros of unlike sign', ['F32', floats(0)], ['F32', floats(-0)], true],
    ['that are no numbers', ['F32', floats(Number.NaN)], ['F32', floats(Number.NaN)], false],
    ['without elements', ['F32', floats()], ['F32', floats()], true],
  ])('%s', async (_what, [dtype, bytes], [otherType, otherBytes], same) => {
    const folder = folderOf({ a: bytes, b: otherBytes });
    const elements = bytes.length / (dtype === 'BF16' ? 2 : 4);
    await expect(haveSameValues(folder, stored('a', dtype, elements), stored('b', otherType, elements))).resolves.toBe(
      same,
    );
  });

  it('are compared to their ends, however long they are', async () => {
    const many = new Float32Array(600_000);
    const changed = Float32Array.from(many);
    changed[599_999] = 1;
    const folder = folderOf({ a: Buffer.from(many.buffer), b: Buffer.from(changed.buffer) });
    await expect(haveSameValues(folder, stored('a', 'F32', 600_000), stored('b', 'F32', 600_000))).resolves.toBe(false);
    await expect(haveSameValues(folder, stored('a', 'F32', 599_999), stored('b', 'F32', 599_999))).resolves.toBe(true);
  });
});
