import type { Engine } from '@assay/lib-model-graph/program/engine';
import { libraryName } from '@assay/lib-model-graph/library';
import { EvaluatorProgram, refuseToStart } from '@assay/lib-model-graph/program/program';
import { addModules, workerSettings, type WorkerSettings } from '@assay/lib-model-graph/program/worker-settings';
import { requireTorchAgreement } from './agreement.js';
import { EngineProcess } from './engine-process.js';
import { TorchEngine } from './torch-engine.js';

const settings = workerSettings(process.env);
const batchTokens = Number(process.env['ASSAY_EVALUATOR_BATCH_TOKENS'] ?? '1');
const command = {
  python: process.env['ASSAY_EVALUATOR_PYTHON'] ?? 'python3',
  device: process.env['ASSAY_EVALUATOR_DEVICE'] ?? 'cpu',
  threads: Number(process.env['ASSAY_EVALUATOR_THREADS'] ?? '0'),
};

/** Whatever could move a digit. */
function numericsOf(
  { facts }: EngineProcess,
  { registry, attention, computeType }: WorkerSettings,
): Engine['numerics'] {
  const { torch, cuda, kernels, device } = facts;
  return {
    device,
    computeType,
    runtime: `torch ${torch}${cuda === undefined ? '' : `, CUDA ${cuda}`}`,
    kernels,
    // On a CPU as well, the order of additions follows the shape of the batch.
    batch: batchTokens === 1 ? 'one row' : `rows of ${batchTokens} tokens`,
    attention,
    library: libraryName(registry.library),
  };
}

async function start(): Promise<EvaluatorProgram> {
  try {
    await addModules(settings, import.meta.url);
    const engine = await EngineProcess.start(command);
    const options = { computeType: settings.computeType, attention: settings.attention, batchTokens };
    const { registry } = settings;
    if (command.device !== 'cpu' || options.computeType !== 'float32')
      await requireTorchAgreement(engine, command, options, registry);
    const torch = new TorchEngine(numericsOf(engine, settings), engine, options);
    return new EvaluatorProgram(torch, registry, engine.pid);
  } catch (error) {
    refuseToStart(error);
    throw error;
  }
}

await (await start()).run();
process.exit(0);
