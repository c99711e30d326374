import { Worker } from 'node:worker_threads';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createRequire } from 'node:module';
import { z } from 'zod';
import {
  EVALUATOR_PROTOCOL_VERSION,
  TENSORS_IN_A_LINE,
  type EvaluateRequest,
  type EvaluatorHello,
  type EvaluatorMessage,
  type EvaluatorRequest,
} from '@assay/core/contracts/evaluator-protocol';
import type { EvaluationTask } from '@assay/core/contracts/evaluation-task';
import { isAssayError } from '@assay/core/errors/assay-error';
import { HOST_PACKAGES, provideModules } from '@assay/core/plugin/provided-modules';
import { attentionRule } from './architectures/architecture.js';
import { anonymousBytes } from './anonymous-memory.js';
import { loadArchitectures } from './architectures/load-modules.js';
import { Registry } from './architectures/registry.js';
import { requireAgreement } from './devices/agreement.js';
import { computeType, deviceName, deviceOf } from './devices/device.js';
import { evaluatorErrors } from './errors.js';
import { faultReport } from './fault-report.js';
import { base64Of, sampleTensors } from './files/tensor-sample.js';
import { inspectModel, openModel } from './inspect.js';
import { FIRST_LIBRARY, libraryName, libraryVersion } from './library.js';
import { LoadedModels, type LoadedModel } from './loaded-models.js';
import { prepare } from './prepare.js';
import { Cancelled, Requests } from './requests.js';
import { warmUp } from './running/warm-up.js';
import { evaluateTextLoss } from './text-loss.js';
import type { WatchdogData } from './watchdog.js';

/**
 * The process that evaluates: one request at a time on stdin, answers on stdout (docs/build/evaluator-protocol.md). It
 * ends with its parent.
 */
const threads = Number(process.env['ASSAY_EVALUATOR_THREADS'] ?? '0');
const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
const device = deviceOf(
  deviceName.parse(process.env['ASSAY_EVALUATOR_DEVICE'] ?? 'cpu'),
  computeType.parse(process.env['ASSAY_EVALUATOR_COMPUTE_TYPE'] ?? 'float32'),
);
const attention = attentionRule.parse(process.env['ASSAY_EVALUATOR_ATTENTION'] ?? 'eager');
const registry = new Registry(libraryVersion.parse(process.env['ASSAY_EVALUATOR_LIBRARY'] ?? FIRST_LIBRARY));
const numerics = {
  device: device.name,
  computeType: device.computeType,
  runtime: `onnxruntime ${version}`,
  attention,
  library: libraryName(registry.library),
};

const watch: WatchdogData = { parent: process.ppid, peak: new Float64Array(new SharedArrayBuffer(8)) };
new Worker(new URL('watchdog.js', import.meta.url), { workerData: watch }).unref();

const models = new LoadedModels(registry, { threads, device, attention });

function send(message: EvaluatorHello | EvaluatorMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

type RequestOf<Type extends EvaluatorRequest['type']> = Extract<EvaluatorRequest, { type: Type }>;

async function answer(request: EvaluatorRequest, signal: AbortSignal): Promise<void> {
  const { id } = request;
  try {
    if (request.type === 'inspect') await inspect(request);
    else if (request.type === 'sample') await sample(request, signal);
    else await evaluate(request, signal);
  } catch (error) {
    if (error instanceof Cancelled) {
      send({ type: 'cancelled', id });
      return;
    }
    if (!isAssayError(error))
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    send({ type: 'fault', id, error: faultReport(error) });
  }
}

async function inspect({ id, directory, tensors: wanted }: RequestOf<'inspect'>): Promise<void> {
  const { tensors, ...facts } = await inspectModel(directory, registry);
  for (let from = 0; wanted === true && from < tensors.length; from += TENSORS_IN_A_LINE)
    send({ type: 'tensors', id, tensors: tensors.slice(from, from + TENSORS_IN_A_LINE) });
  send({ type: 'facts', id, facts });
}

async function sample({ id, directory, seed }: RequestOf<'sample'>, signal: AbortSignal): Promise<void> {
  for await (const { name, shape, values } of sampleTensors(await openModel(directory, registry), seed, signal))
    send({ type: 'values', id, name, shape: [...shape], values: base64Of(values) });
  send({ type: 'sampled', id });
}

async function evaluate(request: EvaluateRequest, signal: AbortSignal): Promise<void> {
  const { id, model: wanted, tasks } = request;
  if (wanted.directory === undefined)
    throw evaluatorErrors.SAMPLES_INVALID({ task: '', reason: 'this evaluator needs the folder of the model' });
  send({ type: 'progress', id, phase: 'load' });
  const startedAt = performance.now();
  const usedBefore = process.cpuUsage();
  await requireSameSizes(wanted.directory, wanted);
  const loaded = await models.open(wanted.digest, wanted.directory);
  const loadedBefore = loaded.loadMs;
  const fresh = performance.now() - startedAt;
  let keeps = false;
  try {
    if (loaded.opened.architecture.className !== wanted.architecture)
      throw evaluatorErrors.FILES_CHANGED({ directory: wanted.directory });
    const results = [];
    for (const task of tasks) results.push(await evaluateTask(id, loaded, task, signal));
    const loadMs = fresh + loaded.loadMs - loadedBefore;
    send({ type: 'answer', id, results, numerics, timings: timingsSince(startedAt, usedBefore, loadMs) });
    keeps = request.keep;
  } finally {
    if (keeps) await models.keep(wanted.digest, loaded);
    else await loaded.losses.release();
  }
}

async function evaluateTask(
  id: string,
  model: LoadedModel,
  task: EvaluationTask,
  signal: AbortSignal,
): Promise<{ name: string; kind: string; details: unknown }> {
  const { name, kind } = task;
  if (kind !== 'text-loss') throw evaluatorErrors.KIND_UNKNOWN({ kind });
  const listener = {
    onGenerate: (): void => {
      send({ type: 'progress', id, phase: 'generate', task: name });
    },
    onLoss: (from: number, loss: number): void => {
      send({ type: 'losses', id, task: name, from, losses: [loss] });
    },
  };
  return { name, kind, details: await evaluateTextLoss(model, task, listener, signal) };
}

type Timings = Extract<EvaluatorMessage, { type: 'answer' }>['timings'];

function timingsSince(startedAt: number, usedBefore: NodeJS.CpuUsage, loadMs: number): Timings {
  const { maxRSS } = process.resourceUsage();
  const { user, system } = process.cpuUsage(usedBefore);
  const peakAnonymousBytes = Math.max(watch.peak[0] ?? 0, anonymousBytes());
  return {
    loadMs,
    computeMs: performance.now() - startedAt - loadMs,
    cpuMs: (user + system) / 1000,
    peakRssBytes: maxRSS * 1024,
    ...(peakAnonymousBytes > 0 ? { peakAnonymousBytes } : {}),
  };
}

/** What was verified is what is evaluated, as far as a glance tells: hashing it all again would cost as much as it. */
async function requireSameSizes(directory: string, { files }: EvaluateRequest['model']): Promise<void> {
  const sizes = await Promise.all(
    files.map(({ path }) =>
      stat(join(directory, path)).then(
        ({ size }) => size,
        () => undefined,
      ),
    ),
  );
  if (files.some(({ size }, index) => sizes[index] !== size)) throw evaluatorErrors.FILES_CHANGED({ directory });
}

/** Modules of other packages import values of the core and of this plugin, which they don't bring. */
async function loadModules(): Promise<void> {
  const modules = z.array(z.string()).parse(JSON.parse(process.env['ASSAY_EVALUATOR_MODULES'] ?? '[]'));
  if (modules.length === 0) return;
  provideModules(HOST_PACKAGES.map((one) => ({ ...one, from: import.meta.url })));
  await loadArchitectures(modules, registry);
}

try {
  await loadModules();
  await warmUp();
  if (device.name !== 'cpu') await requireAgreement(device, threads, registry);
} catch (error) {
  // A first line that is a fault says why there is no hello.
  send({ type: 'fault', id: '', error: faultReport(error) });
  throw error;
}
send({
  type: 'hello',
  protocol: EVALUATOR_PROTOCOL_VERSION,
  name: 'assay-onnxruntime',
  kinds: ['text-loss'],
  operations: ['evaluate', 'inspect', 'sample', 'prepare', 'cancel', 'release'],
  architectures: registry.classNames(),
  numerics,
  capacity: 1,
});

let preparing = new AbortController();
const requests = new Requests(process.stdin, {
  onLine: () => {
    preparing.abort();
  },
  onNotice: (notice) => {
    if (notice.type === 'release') void models.release(notice.digest);
    else if (notice.model.directory !== undefined) {
      preparing = new AbortController();
      void prepare(notice.model.directory, registry, preparing.signal);
    }
  },
  onNonsense: (why) => {
    process.stderr.write(`a line is not of protocol ${EVALUATOR_PROTOCOL_VERSION}: ${why}\n`);
  },
});
for await (const { request, signal } of requests) await answer(request, signal);
