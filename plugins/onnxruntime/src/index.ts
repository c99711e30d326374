import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Evaluator, ModelInspector } from '@assay/core/contracts/evaluator';
import type { ProcessOptions } from '@assay/core/evaluation/process-client';
import { ProcessEvaluator } from '@assay/core/evaluation/process-evaluator';
import { ProcessInspector } from '@assay/core/evaluation/process-inspector';
import { definePlugin, type PluginDeps } from '@assay/core/plugin/plugin';
import { CLASS_NAMES } from './architectures/registry.js';
import { evaluatorErrors } from './errors.js';

const GIB = 1024 ** 3;

const options = z.strictObject({
  device: z.string().default('cpu').describe('cpu is what this package brings.'),
  threads: z.number().int().min(0).max(1024).default(0).describe('Threads of one operator; 0: one for each core.'),
  memoryLimit: z.number().positive().default(16 * GIB).describe('Bytes of anonymous memory at which the process is killed.'),
  startDeadline: z.number().positive().default(30_000).describe('Milliseconds until the process must have said hello.'),
});
type Options = z.infer<typeof options>;

const worker = fileURLToPath(new URL('worker.js', import.meta.url));

function processOptions({ threads, memoryLimit, startDeadline }: Options): ProcessOptions {
  return {
    command: [process.execPath, worker],
    environment: { ASSAY_EVALUATOR_THREADS: String(threads) },
    startDeadlineMs: startDeadline,
    memoryLimitBytes: memoryLimit,
  };
}

function requireDevice(device: string): void {
  if (device !== 'cpu') throw evaluatorErrors.DEVICE_UNAVAILABLE({ device, available: ['cpu'] });
}

export default definePlugin({
  apiVersion: 1,
  name: 'onnxruntime',
  provides: {
    evaluator: {
      options,
      create: async (given: Options, deps: PluginDeps): Promise<Evaluator> => {
        requireDevice(given.device);
        return new ProcessEvaluator({ ...processOptions(given), kinds: ['text-loss'] }, deps);
      },
    },
    inspector: {
      options,
      create: async (given: Options, deps: PluginDeps): Promise<ModelInspector> =>
        new ProcessInspector({ ...processOptions(given), architectures: CLASS_NAMES }, deps),
    },
  },
});
