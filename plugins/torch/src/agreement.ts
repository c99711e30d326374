import type { Registry } from '@assay/lib-model-graph/architectures/registry';
import type { InspectedModel } from '@assay/lib-model-graph/inspect';
import { requireAgreement } from '@assay/lib-model-graph/program/agreement';
import type { Sample } from '@assay/lib-model-graph/program/engine';
import { EngineProcess, type EngineCommand } from './engine-process.js';
import { torchErrors } from './errors.js';
import { TorchEngine, type TorchOptions } from './torch-engine.js';

const RULES = { packed: true, padTokenId: 0 };

/**
 * Small models have the same losses on the device as in float32 on the CPU.
 * @throws DEVICE_DIFFERS, or TORCH_UNUSABLE where nothing can be computed in the type
 */
export async function requireTorchAgreement(
  process: EngineProcess,
  command: EngineCommand,
  options: TorchOptions,
  registry: Registry,
): Promise<void> {
  const cpu = await EngineProcess.start({ ...command, device: 'cpu' });
  try {
    await requireAgreement(
      {
        name: process.facts.device,
        computeType: options.computeType,
        lossOn: (model, sequence) => lossBy(process, options)(model, sequence).catch(unusable(process, options)),
        lossOnCpu: lossBy(cpu, { ...options, computeType: 'float32' }),
      },
      registry,
    );
  } finally {
    await cpu.close();
  }
}

const unusable =
  ({ facts }: EngineProcess, { computeType }: TorchOptions) =>
  (error: unknown): never => {
    const reason = error instanceof Error ? error.message : String(error);
    throw torchErrors.TORCH_UNUSABLE({ device: `${facts.device} in ${computeType}`, reason }, error);
  };

function lossBy(process: EngineProcess, options: TorchOptions) {
  const engine = new TorchEngine({ device: '', computeType: '', runtime: '', attention: '' }, process, options);
  return async (model: InspectedModel, sequence: number[]): Promise<number> => {
    const opened = await engine.open(model);
    try {
      for await (const { loss } of opened.losses(only(sequence), RULES, new AbortController().signal)) return loss;
      return NaN;
    } finally {
      await opened.release();
    }
  };
}

async function* only(sequence: number[]): AsyncGenerator<Sample> {
  await Promise.resolve();
  yield { sample: 0, rows: [sequence] };
}
