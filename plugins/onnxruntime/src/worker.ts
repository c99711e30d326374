import { createRequire } from 'node:module';
import { libraryName } from '@assay/lib-model-graph/library';
import { EvaluatorProgram, refuseToStart } from '@assay/lib-model-graph/program/program';
import { addModules, workerSettings } from '@assay/lib-model-graph/program/worker-settings';
import { requireDeviceAgreement } from './devices/agreement.js';
import { deviceName, deviceOf } from './devices/device.js';
import { OnnxEngine } from './onnx-engine.js';
import { warmUp } from './running/warm-up.js';

const threads = Number(process.env['ASSAY_EVALUATOR_THREADS'] ?? '0');
const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
const settings = workerSettings(process.env);
const { registry, attention } = settings;
const device = deviceOf(deviceName.parse(process.env['ASSAY_EVALUATOR_DEVICE'] ?? 'cpu'), settings.computeType);
const numerics = {
  device: device.name,
  computeType: device.computeType,
  runtime: `onnxruntime ${version}`,
  attention,
  library: libraryName(registry.library),
};

try {
  await addModules(settings, import.meta.url);
  await warmUp();
  if (device.name !== 'cpu') await requireDeviceAgreement(device, threads, registry);
} catch (error) {
  refuseToStart(error);
  throw error;
}
await new EvaluatorProgram(new OnnxEngine(numerics, { threads, device, attention }), registry).run();
