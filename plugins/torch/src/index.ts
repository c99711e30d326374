import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Evaluator } from '@assay/core/contracts/evaluator';
import { ProcessEvaluator } from '@assay/core/evaluation/process-evaluator';
import { definePlugin, type PluginDeps } from '@assay/core/plugin/plugin';
import { attentionRule } from '@assay/lib-model-graph/architectures/architecture';
import { computeType } from '@assay/lib-model-graph/program/compute-type';
import { checkModule, libraryEnvironment, processOptions } from '@assay/lib-model-graph/program/process-settings';
import { EngineProcess } from './engine-process.js';

const GIB = 1024 ** 3;
/** Tokens at a time on a GPU, where nothing else is said: larger batches are hardly faster, and take more memory. */
const GPU_TOKENS = 32_768;

const options = processOptions.extend({
  python: z
    .string()
    .min(1)
    .default('python3')
    .describe('Python 3.9 or later that has torch 1.13 or later: a name of PATH, or a path.'),
  device: z
    .string()
    .regex(/^(cpu|cuda(:\d+)?)$/, 'must be cpu, cuda or cuda:N')
    .default('cpu')
    .describe(
      'Where is computed: cpu, cuda, or one of several GPUs as cuda:N. A GPU is compared with the CPU before it scores.',
    ),
  computeType: computeType
    .default('float32')
    .describe('Type of weights and activations. Sums, norms and losses are float32 in any case.'),
  batchTokens: z
    .number()
    .int()
    .min(1)
    .max(2 ** 24)
    .optional()
    .describe(
      `Tokens that are computed at a time, in whole rows and at least one. Left out: ${GPU_TOKENS} on a GPU, 1 on a CPU.`,
    ),
  batchInvariant: z
    .boolean()
    .default(false)
    .describe('One row at a time, so that no loss depends on what is computed beside it.'),
  threads: z
    .number()
    .int()
    .min(0)
    .max(1024)
    .default(0)
    .describe('Threads of one operator on a CPU; 0 leaves it to torch.'),
  attention: attentionRule
    .default('eager')
    .describe(
      'Which attention of the library decides the edge of sliding windows: eager, or flash, which in 4.44 sees one key more.',
    ),
  processPerModel: z
    .boolean()
    .default(true)
    .describe('A process of its own for each model; it loads the weights while the one before is computed.'),
  memoryLimit: z
    .number()
    .positive()
    .default(64 * GIB)
    .describe('Bytes of anonymous memory at which the process is killed. Memory of a GPU does not count.'),
  startDeadline: z
    .number()
    .positive()
    .default(120_000)
    .describe('Milliseconds until the process must have said hello.'),
});
type Options = z.infer<typeof options>;

const worker = fileURLToPath(new URL('worker.js', import.meta.url));

/** The command as it is started: a path that begins with ./ or ~ is one of the config file. */
const pythonOf = ({ python }: Options, { resolvePath }: PluginDeps): string =>
  python.includes('/') ? resolvePath(python) : python;

function batchTokensOf({ device, batchTokens, batchInvariant }: Options): number {
  if (batchInvariant) return 1;
  return batchTokens ?? (device === 'cpu' ? 1 : GPU_TOKENS);
}

/** @throws PYTHON_MISSING, TORCH_MISSING, TORCH_OLD, TORCH_UNUSABLE */
async function requireTorch(given: Options, deps: PluginDeps): Promise<void> {
  const { device, threads } = given;
  const engine = await EngineProcess.start({ python: pythonOf(given, deps), device, threads });
  await engine.close();
}

async function create(given: Options, deps: PluginDeps): Promise<Evaluator> {
  const { device, attention, startDeadline, memoryLimit, network, processPerModel } = given;
  return new ProcessEvaluator(
    {
      command: [process.execPath, worker],
      environment: {
        ASSAY_EVALUATOR_PYTHON: pythonOf(given, deps),
        ASSAY_EVALUATOR_DEVICE: device,
        ASSAY_EVALUATOR_COMPUTE_TYPE: given.computeType,
        ASSAY_EVALUATOR_BATCH_TOKENS: String(batchTokensOf(given)),
        ASSAY_EVALUATOR_THREADS: String(given.threads),
        ASSAY_EVALUATOR_ATTENTION: attention,
        ...(await libraryEnvironment(given.library, deps)),
      },
      startDeadlineMs: startDeadline,
      memoryLimitBytes: memoryLimit,
      network,
      kinds: ['text-loss'],
      processPerModel,
      canary: true,
    },
    deps,
  );
}

export default definePlugin({
  apiVersion: 1,
  name: 'torch',
  provides: {
    checkModule,
    evaluator: {
      options,
      check: requireTorch,
      questions: [
        {
          key: 'python',
          question: 'Which Python has torch?',
          kind: 'text',
          default: 'python3',
        },
        {
          key: 'device',
          question: 'On which device are models scored: cpu, cuda, or cuda:N?',
          kind: 'text',
          default: 'cuda',
        },
        {
          key: 'computeType',
          question: 'In which type is computed?',
          kind: 'choice',
          choices: computeType.options,
          default: 'bfloat16',
        },
      ],
      create,
    },
  },
});
