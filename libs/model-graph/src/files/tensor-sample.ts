import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { SampledTensor } from '@assay/core/contracts/evaluator';
import { elementsOf } from '@assay/core/contracts/model';
import { decoderOf } from './decode.js';
import { elementBytesOf } from './safetensors.js';
import { readWhole } from './tensor-content.js';
import type { StoredTensor } from './weights.js';

/** Of each tensor so many blocks are read, of so many neighbouring elements each. */
const BLOCKS = 16;
const BLOCK_ELEMENTS = 16;
/** A model may have 100,000 tensors; the smallest of them hold next to nothing of its weights. */
const MAX_TENSORS = 1024;
/** Of the digest that a position follows from. */
const POSITION_BYTES = 6;

type FileHandle = Awaited<ReturnType<typeof open>>;

/** Where the tensors of a model lie. */
interface TensorsOnDisk {
  weightsFolder: string;
  tensors: ReadonlyMap<string, StoredTensor>;
}

/**
 * Values of the largest tensors of a model, the largest first. A few pages of each file are read.
 * @param seed the positions follow from it: a miner who knows it could hide a copy behind a change of just these values
 * @throws what the file system says; RangeError where a file is shorter than its header says
 */
export async function* sampleTensors(
  { weightsFolder, tensors }: TensorsOnDisk,
  seed: string,
  signal: AbortSignal,
): AsyncGenerator<SampledTensor> {
  const largest = [...tensors]
    .map(([name, tensor]) => ({ name, tensor, elements: elementsOf(tensor.shape) }))
    .sort((a, b) => b.elements - a.elements || (a.name < b.name ? -1 : 1))
    .slice(0, MAX_TENSORS);
  const handles = new Map<string, FileHandle>();
  try {
    for (const { name, tensor } of largest) {
      signal.throwIfAborted();
      const handle = handles.get(tensor.file) ?? (await open(join(weightsFolder, tensor.file)));
      handles.set(tensor.file, handle);
      yield { name, shape: tensor.shape, values: await valuesOf(handle, name, tensor, seed) };
    }
  } finally {
    for (const handle of handles.values()) await handle.close();
  }
}

async function valuesOf(handle: FileHandle, name: string, tensor: StoredTensor, seed: string): Promise<Float32Array> {
  const { dtype, shape, offset } = tensor;
  const [width, decode] = [elementBytesOf(dtype), decoderOf(dtype)];
  const blocks = await Promise.all(
    blocksOf(seed, name, shape).map(async ({ from, length }) => {
      const bytes = Buffer.alloc(length * width);
      await readWhole(handle, bytes, offset + from * width);
      return Array.from({ length }, (_none, index) => decode(bytes, index * width));
    }),
  );
  return Float32Array.from(blocks.flat());
}

/**
 * Which elements of a tensor are read: all of a small one, else one block in each of 16 parts of equal size. The block of
 * part i begins at a place that follows from the sha256 of seed, name, shape and i.
 */
export function blocksOf(seed: string, name: string, shape: readonly number[]): { from: number; length: number }[] {
  const elements = elementsOf(shape);
  if (elements <= BLOCKS * BLOCK_ELEMENTS) return elements === 0 ? [] : [{ from: 0, length: elements }];
  return Array.from({ length: BLOCKS }, (_none, part) => {
    const start = Math.floor((part * elements) / BLOCKS);
    const end = Math.floor(((part + 1) * elements) / BLOCKS);
    const digest = createHash('sha256')
      .update(JSON.stringify([seed, name, shape, part]))
      .digest();
    return {
      from: start + (digest.readUIntBE(0, POSITION_BYTES) % (end - start - BLOCK_ELEMENTS + 1)),
      length: BLOCK_ELEMENTS,
    };
  });
}

/** Values as a line of the protocol carries them: float32, little endian. */
export function base64Of(values: Float32Array): string {
  const bytes = Buffer.alloc(values.length * Float32Array.BYTES_PER_ELEMENT);
  for (const [index, value] of values.entries()) bytes.writeFloatLE(value, index * Float32Array.BYTES_PER_ELEMENT);
  return bytes.toString('base64');
}
