import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExpectedTensor } from '../architectures/architecture.js';
import type { Registry } from '../architectures/registry.js';

/** A model to be made: weights of its architecture's shapes, repeatable, in one storage type. */
export interface RandomModel {
  dtype: 'F32' | 'F16' | 'BF16';
  config: Readonly<Record<string, unknown>> & { model_type: string };
}

/** Bits of an IEEE 754 half for a magnitude between 2^-14 and 2, cut off. */
function half(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer)[0] ?? 0;
  const exponent = ((bits >>> 23) & 0xff) - 112;
  return ((bits >>> 16) & 0x8000) | (exponent <= 0 ? 0 : (exponent << 10) | ((bits >>> 13) & 0x3ff));
}

function encoded(values: Float32Array, dtype: RandomModel['dtype']): Uint8Array {
  if (dtype === 'F32') return new Uint8Array(values.buffer);
  const bits = new Uint32Array(values.buffer);
  const cut = dtype === 'BF16' ? Uint16Array.from(bits, (word) => word >>> 16) : Uint16Array.from(values, half);
  return new Uint8Array(cut.buffer);
}

/** Numbers in [-0.5, 0.5) of a linear congruential generator (Numerical Recipes). */
function uniform(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
}

/** Writes config.json and model.safetensors of a class of the registry into a folder. */
export async function writeRandomModel(
  folder: string,
  { config, dtype }: RandomModel,
  registry: Registry,
): Promise<void> {
  const architecture = registry.architectureOf(config.model_type);
  if (!architecture) throw new Error(`no architecture ${config.model_type}`);
  const tensors: ExpectedTensor[] = architecture.tensors(architecture.config.parse(config));
  const random = uniform();
  const header: Record<string, { dtype: string; shape: readonly number[]; data_offsets: [number, number] }> = {};
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const { name, shape } of tensors) {
    const count = shape.reduce((product, dimension) => product * dimension, 1);
    const bytes = encoded(Float32Array.from({ length: count }, random), dtype);
    header[name] = { dtype, shape, data_offsets: [offset, offset + bytes.length] };
    parts.push(bytes);
    offset += bytes.length;
  }
  const text = Buffer.from(JSON.stringify({ __metadata__: { format: 'pt' }, ...header }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  await writeFile(join(folder, 'model.safetensors'), Buffer.concat([length, text, ...parts]));
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
}
