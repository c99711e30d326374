import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createRequire } from 'node:module';
import { z } from 'zod';
import {
  EVALUATOR_PROTOCOL_VERSION,
  evaluatorHint,
  evaluatorRequest,
  type EvaluatorMessage,
  type EvaluatorRequest,
} from '@assay/core/contracts/evaluator-protocol';
import type { TaskResult } from '@assay/core/contracts/task-kinds';
import { isAssayError } from '@assay/core/errors/assay-error';
import { HOST_PACKAGES, provideModules } from '@assay/core/plugin/provided-modules';
import { attentionRule } from './architectures/architecture.js';
import { anonymousBytes } from './anonymous-memory.js';
import { loadArchitectures } from './architectures/load-modules.js';
import { classNames } from './architectures/registry.js';
import { requireAgreement } from './devices/agreement.js';
import { computeType, deviceName, deviceOf } from './devices/device.js';
import { evaluatorErrors } from './errors.js';
import { faultReport } from './fault-report.js';
import { inspectModel, openModel } from './inspect.js';
import { libraryName, libraryVersion } from './library.js';
import { prepare } from './prepare.js';
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
const library = libraryName(libraryVersion.parse(process.env['ASSAY_EVALUATOR_LIBRARY'] ?? '4.44'));
const numerics = {
  device: device.name,
  computeType: device.computeType,
  runtime: `onnxruntime ${version}`,
  attention,
  library,
};

const watch: WatchdogData = { parent: process.ppid, peak: new Float64Array(new SharedArrayBuffer(8)) };
new Worker(new URL('watchdog.js', import.meta.url), { workerData: watch }).unref();

function send(message: EvaluatorMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

async function answer(request: EvaluatorRequest): Promise<void> {
  try {
    if (request.type === 'inspect')
      send({ type: 'facts', id: request.id, facts: await inspectModel(request.directory) });
    else await evaluate(request);
  } catch (error) {
    if (!isAssayError(error))
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    send({ type: 'fault', id: request.id, error: faultReport(error) });
  }
}

type EvaluationModel = Extract<EvaluatorRequest, { type: 'evaluate' }>['model'];

async function evaluate(request: Extract<EvaluatorRequest, { type: 'evaluate' }>): Promise<void> {
  const { id, model, tasks } = request;
  if (model.directory === undefined)
    throw evaluatorErrors.SAMPLES_INVALID({ task: '', reason: 'this evaluator needs the folder of the model' });
  const total = tasks.reduce((sum, { samples }) => sum + countBatches(samples), 0);
  send({ type: 'progress', id, phase: 'load', done: 0, total });
  const startedAt = performance.now();
  const usedBefore = process.cpuUsage();
  await requireSameSizes(model.directory, model);
  const opened = await openModel(model.directory);
  if (opened.architecture.className !== model.architecture)
    throw evaluatorErrors.FILES_CHANGED({ directory: model.directory });
  let loadMs = performance.now() - startedAt;
  const onLoad = (ms: number): void => {
    loadMs += ms;
  };
  const results: TaskResult[] = [];
  let before = 0;
  for (const task of tasks) {
    if (task.kind !== 'text-loss') throw evaluatorErrors.KIND_UNKNOWN({ kind: task.kind });
    const result = await evaluateTextLoss(opened, task, { threads, device, attention, onLoad }, ({ phase, done }) => {
      send({ type: 'progress', id, phase, task: task.name, done: before + done, total });
    });
    before += countBatches(task.samples);
    results.push(result);
  }
  const { maxRSS } = process.resourceUsage();
  const { user, system } = process.cpuUsage(usedBefore);
  const peakAnonymousBytes = Math.max(watch.peak[0] ?? 0, anonymousBytes());
  send({
    type: 'answer',
    id,
    results,
    numerics,
    timings: {
      loadMs,
      computeMs: performance.now() - startedAt - loadMs,
      cpuMs: (user + system) / 1000,
      peakRssBytes: maxRSS * 1024,
      ...(peakAnonymousBytes > 0 ? { peakAnonymousBytes } : {}),
    },
  });
}

/** What was verified is what is evaluated, as far as a glance tells: hashing it all again would cost as much as it. */
async function requireSameSizes(directory: string, { files }: EvaluationModel): Promise<void> {
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

function countBatches(samples: unknown): number {
  const batches: unknown =
    typeof samples === 'object' && samples !== null && 'batches' in samples ? samples.batches : undefined;
  return Array.isArray(batches) ? batches.length : 0;
}

/** Modules of other packages import values of the core and of this plugin, which they don't bring. */
async function loadModules(): Promise<void> {
  const modules = z.array(z.string()).parse(JSON.parse(process.env['ASSAY_EVALUATOR_MODULES'] ?? '[]'));
  if (modules.length === 0) return;
  provideModules(HOST_PACKAGES.map((one) => ({ ...one, from: import.meta.url })));
  await loadArchitectures(modules);
}

try {
  await loadModules();
  await warmUp();
  if (device.name !== 'cpu') await requireAgreement(device, threads);
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
  operations: ['evaluate', 'inspect', 'prepare'],
  architectures: classNames(),
  numerics,
});

let preparing = new AbortController();
for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  if (line.trim() === '') continue;
  preparing.abort();
  const message: unknown = JSON.parse(line);
  const hint = evaluatorHint.safeParse(message);
  if (hint.success) {
    preparing = new AbortController();
    if (hint.data.model.directory !== undefined) void prepare(hint.data.model.directory, preparing.signal);
    continue;
  }
  const parsed = evaluatorRequest.safeParse(message);
  if (parsed.success) await answer(parsed.data);
  else process.stderr.write(`a request is not of protocol ${EVALUATOR_PROTOCOL_VERSION}: ${parsed.error.message}\n`);
}
