import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Registry } from '@assay/lib-model-graph/architectures/registry';
import { CPU } from '@assay/plugin-onnxruntime/dist/devices/device.js';
import { inspectModel, openModel } from '@assay/lib-model-graph/inspect';
import type { Library } from '@assay/lib-model-graph/library';
import { lossSessions, sampleLoss } from '@assay/plugin-onnxruntime/dist/running/losses.js';
import { z } from 'zod';
import { assembled, folderOf, type StoredBytes } from './folders.js';

/** A tensor by its name and its place in the order of names, of numbers in [-0.5, 0.5), around 1 in norms. */
function noise(shapes: readonly { name: string; shape: readonly number[] }[]): StoredBytes[] {
  let state = 1;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
  return [...shapes]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, shape }) => {
      const middle = name.includes('norm') ? 1 : 0;
      const length = shape.reduce((product, size) => product * size, 1);
      const values = Float32Array.from({ length }, () => next() + middle);
      return { name, dtype: 'F32', shape, bytes: Buffer.from(values.buffer) };
    });
}

/** A folder of a mixture with these weights, and with those of its config where none are given. */
export function mixtureFolder(
  config: Record<string, unknown> & { model_type: string },
  library: Library,
  tensors?: readonly StoredBytes[],
): string {
  return folderOf({ 'config.json': config, 'model.safetensors': assembled(tensors ?? tensorsOf(config, library)) });
}

/** None where the class refuses the config. */
export function tensorsOf(config: Record<string, unknown> & { model_type: string }, library: Library): StoredBytes[] {
  const architecture = new Registry(library).architectureOf(config.model_type);
  const parsed = architecture?.config.safeParse(config);
  return architecture && parsed?.success === true ? noise(architecture.tensors(parsed.data)) : [];
}

interface Scored {
  loss: number;
  parameterCount: number;
}

export async function scored(folder: string, library: Library, rows: number[][]): Promise<Scored> {
  const registry = new Registry(library);
  const { parameterCount } = await inspectModel(folder, registry);
  const sessions = lossSessions(await openModel(folder, registry), { threads: 1, device: CPU, attention: 'eager' });
  try {
    return { loss: await sampleLoss(sessions, rows, { packed: true, padTokenId: 0 }), parameterCount };
  } finally {
    await sessions.release();
  }
}

const config = z.looseObject({ model_type: z.string() });
const versions = z.enum(['4.44', '4.57', '5']);
const fixtures = z.object({
  rows: z.array(z.array(z.number())),
  bases: z.object({ mixtral: config, qwen3_moe: config }),
  cases: z.array(
    z.object({
      what: z.string(),
      base: z.enum(['mixtral', 'qwen3_moe']),
      change: z.record(z.string(), z.json()),
      without: z.array(z.string()),
      stored: z.record(z.string(), z.json()).optional(),
      library: z.partialRecord(
        versions,
        z.union([z.object({ error: z.string() }), z.object({ loss: z.number(), parameterCount: z.number() })]),
      ),
    }),
  ),
});
export const { rows, bases, cases } = fixtures.parse(
  JSON.parse(readFileSync(join(import.meta.dirname, '../../fixtures/mixtures.json'), 'utf8')),
);
