import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Evaluator, ModelInspector } from '@assay/core/contracts/evaluator';
import type { ProcessOptions } from '@assay/core/evaluation/process-client';
import type { Log } from '@assay/core/contracts/logger';
import { ProcessEvaluator } from '@assay/core/evaluation/process-evaluator';
import { ProcessInspector } from '@assay/core/evaluation/process-inspector';
import { checkedOptions } from '@assay/core/plugin/registry';
import { definePlugin, type PluginDeps } from '@assay/core/plugin/plugin';
import { attentionRule } from './architectures/architecture.js';
import { computeType, deviceName, requireInstalled } from './devices/device.js';
import { FIRST_LIBRARY, libraryVersion, type Library } from './library.js';

const GIB = 1024 ** 3;

const inspectorOptions = z.strictObject({
  threads: z.number().int().min(0).max(1024).default(0).describe('Threads of one operator; 0: one for each core.'),
  memoryLimit: z
    .number()
    .positive()
    .default(16 * GIB)
    .describe('Bytes of anonymous memory at which the process is killed.'),
  network: z
    .enum(['allow', 'deny', 'deny-if-possible'])
    .default('deny-if-possible')
    .describe('Whether the process may reach the network. Taking it away needs Linux.'),
  startDeadline: z.number().positive().default(30_000).describe('Milliseconds until the process must have said hello.'),
  library: libraryVersion
    .optional()
    .describe(
      "Version of transformers whose classes, rules of loading and rules of generation are followed. Left out: the competition's or the profile's; 4.44 where none says it. Said of the evaluator it holds for the inspector too.",
    ),
});
const subnetOptions = z.object({ library: libraryVersion.default(FIRST_LIBRARY) });
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

/** By version and modules: the evaluator and the inspector are given the same ones, and warn once. */
const usableByModules = new Map<string, Promise<string[]>>();

function usable(modules: readonly string[], library: Library, log: Log): Promise<string[]> {
  if (modules.length === 0) return Promise.resolve([]);
  const key = JSON.stringify([library, modules]);
  const known = usableByModules.get(key) ?? loaded().then(({ usableModules }) => usableModules(modules, library, log));
  usableByModules.set(key, known);
  return known;
}

/** Every architecture comes with it, and most validators have no module of another package. */
const loaded = (): Promise<typeof import('./architectures/load-modules.js')> =>
  import('./architectures/load-modules.js');

/** What the subnet judges by; the version of netuid 9 where nothing says it. @throws OPTIONS_INVALID */
function libraryFor(option: Library | undefined, { library }: PluginDeps): Library {
  if (option !== undefined) return option;
  return checkedOptions('library of competition or profile', subnetOptions, { library }).library;
}

async function processOptions(
  { threads, memoryLimit, network, startDeadline, library: wanted }: InspectorOptions,
  deps: PluginDeps,
  environment: Readonly<Record<string, string>> = {},
): Promise<ProcessOptions> {
  const library = libraryFor(wanted, deps);
  return {
    command: [process.execPath, worker],
    environment: {
      ASSAY_EVALUATOR_THREADS: String(threads),
      ASSAY_EVALUATOR_LIBRARY: library,
      ASSAY_EVALUATOR_MODULES: JSON.stringify(await usable(deps.modules, library, deps.log)),
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
    checkModule: async (url) => (await loaded()).checkArchitectures(url),
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
            ...(await processOptions(given, deps, deviceEnvironment(given))),
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
        new ProcessInspector(await processOptions(given, deps), deps),
    },
  },
});
