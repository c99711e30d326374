import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Evaluator, ModelInspector } from '@assay/core/contracts/evaluator';
import type { ProcessOptions } from '@assay/core/evaluation/process-client';
import { ProcessEvaluator } from '@assay/core/evaluation/process-evaluator';
import { ProcessInspector } from '@assay/core/evaluation/process-inspector';
import { definePlugin, type PluginDeps } from '@assay/core/plugin/plugin';
import { attentionRule } from '@assay/lib-model-graph/architectures/architecture';
import { computeType } from '@assay/lib-model-graph/program/compute-type';
import { checkModule, libraryEnvironment, processOptions } from '@assay/lib-model-graph/program/process-settings';
import { deviceName, requireInstalled } from './devices/device.js';

const GIB = 1024 ** 3;

const inspectorOptions = processOptions.extend({
  threads: z.number().int().min(0).max(1024).default(0).describe('Threads of one operator; 0: one for each core.'),
  memoryLimit: z
    .number()
    .positive()
    .default(16 * GIB)
    .describe('Bytes of anonymous memory at which the process is killed.'),
  startDeadline: z.number().positive().default(30_000).describe('Milliseconds until the process must have said hello.'),
});
const evaluatorOptions = inspectorOptions.extend({
  processPerModel: z
    .boolean()
    .default(true)
    .describe('A process of its own for each model, started while the one before is computed.'),
  device: deviceName
    .default('cpu')
    .describe('Where is computed. Any other device than the CPU is compared with it before it scores.'),
  attention: attentionRule
    .default('eager')
    .describe(
      'Which attention of the library decides the edge of sliding windows: eager, or flash, which in 4.44 sees one key more.',
    ),
  computeType: computeType
    .default('float32')
    .describe('Type of activations. cpu: float32; webgpu: float32, float16; cuda: all.'),
});
type InspectorOptions = z.infer<typeof inspectorOptions>;
type EvaluatorOptions = z.infer<typeof evaluatorOptions>;

const worker = fileURLToPath(new URL('worker.js', import.meta.url));

/** How webgpu finds its driver where that is not in the usual place. */
const DRIVER_VARIABLES = ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES', 'XDG_RUNTIME_DIR'];

async function optionsOfProcess(
  { threads, memoryLimit, network, startDeadline, library }: InspectorOptions,
  deps: PluginDeps,
  environment: Readonly<Record<string, string>> = {},
): Promise<ProcessOptions> {
  return {
    command: [process.execPath, worker],
    environment: {
      ASSAY_EVALUATOR_THREADS: String(threads),
      ...(await libraryEnvironment(library, deps)),
      ...environment,
    },
    startDeadlineMs: startDeadline,
    memoryLimitBytes: memoryLimit,
    network,
  };
}

function deviceEnvironment({ device, computeType: type, attention }: EvaluatorOptions): Record<string, string> {
  const own = {
    ASSAY_EVALUATOR_DEVICE: device,
    ASSAY_EVALUATOR_COMPUTE_TYPE: type,
    ASSAY_EVALUATOR_ATTENTION: attention,
  };
  if (device !== 'webgpu') return own;
  return {
    ...Object.fromEntries(
      DRIVER_VARIABLES.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
    ),
    ...own,
  };
}

export default definePlugin({
  apiVersion: 1,
  name: 'onnxruntime',
  provides: {
    checkModule,
    evaluator: {
      options: evaluatorOptions,
      questions: [
        {
          key: 'device',
          question: 'On which device are models scored?',
          kind: 'choice',
          choices: deviceName.options,
          default: 'cpu',
        },
      ],
      create: async (given: EvaluatorOptions, deps: PluginDeps): Promise<Evaluator> => {
        requireInstalled(given.device, given.computeType);
        return new ProcessEvaluator(
          {
            ...(await optionsOfProcess(given, deps, deviceEnvironment(given))),
            kinds: ['text-loss'],
            processPerModel: given.processPerModel,
            canary: true,
          },
          deps,
        );
      },
    },
    inspector: {
      options: inspectorOptions,
      create: async (given: InspectorOptions, deps: PluginDeps): Promise<ModelInspector> =>
        new ProcessInspector(await optionsOfProcess(given, deps), deps),
    },
  },
});
