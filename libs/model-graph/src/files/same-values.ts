import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { elementsOf } from '@assay/core/contracts/model';
import { decoderOf } from './decode.js';
import { elementBytesOf } from './safetensors.js';
import { readWhole } from './tensor-content.js';
import type { StoredTensor } from './weights.js';

/** Elements of each tensor that are compared at a time. */
const BLOCK_ELEMENTS = 256 * 1024;

/**
 * Whether two tensors of one shape are equal once both are float32, as torch compares them: -0 equals 0, and NaN equals
 * nothing. Both are read up to the first difference.
 * @throws what the file system says; RangeError where a file is shorter than its header says
 */
export async function haveSameValues(folder: string, one: StoredTensor, other: StoredTensor): Promise<boolean> {
  const elements = elementsOf(one.shape);
  const handles = await Promise.all([one, other].map(({ file }) => open(join(folder, file))));
  try {
    for (let from = 0; from < elements; from += BLOCK_ELEMENTS) {
      const count = Math.min(BLOCK_ELEMENTS, elements - from);
      const [a = [], b = []] = await Promise.all(
        [one, other].map((tensor, index) => readFloats(handles[index], tensor, from, count)),
      );
      for (let index = 0; index < count; index += 1) if (a[index] !== b[index]) return false;
    }
    return true;
  } finally {
    await Promise.all(handles.map((handle) => handle.close()));
  }
}

async function readFloats(
  handle: Awaited<ReturnType<typeof open>> | undefined,
  { dtype, offset }: StoredTensor,
  from: number,
  count: number,
): Promise<Float32Array> {
  const [width, decode] = [elementBytesOf(dtype), decoderOf(dtype)];
  const bytes = Buffer.alloc(count * width);
  if (handle) await readWhole(handle, bytes, offset + from * width);
  return Float32Array.from({ length: count }, (_none, index) => decode(bytes, index * width));
}
