import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
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
import type { Registry } from '../architectures/registry.js';
import { evaluatorErrors } from '../errors.js';
import { base64Of, sampleTensors } from '../files/tensor-sample.js';
import { inspectModel, openModel } from '../inspect.js';
import { anonymousBytesOf } from './anonymous-memory.js';
import type { Engine } from './engine.js';
import { faultReport } from './fault-report.js';
import { LoadedModels, type LoadedModel } from './loaded-models.js';
import { Requests } from './requests.js';
import { evaluateTextLoss } from './text-loss.js';
import type { WatchdogData } from './watchdog.js';

type RequestOf<Type extends EvaluatorRequest['type']> = Extract<EvaluatorRequest, { type: Type }>;
type Timings = Extract<EvaluatorMessage, { type: 'answer' }>['timings'];

function send(message: EvaluatorHello | EvaluatorMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

/** Says why there is no hello: a first line that is a fault is repeated by the validator. */
export function refuseToStart(error: unknown): void {
  send({ type: 'fault', id: '', error: faultReport(error) });
}

/**
 * The process that evaluates: one request at a time on stdin, answers on stdout (docs/build/evaluator-protocol.md). It
 * ends with its parent.
 */
export class EvaluatorProgram {
  readonly #watch: WatchdogData;
  readonly #models: LoadedModels;
  #preparing = new AbortController();
  #gone = false;

  /** @param helper another process that computes for this one: its memory counts as well */
  constructor(
    private readonly engine: Engine,
    private readonly registry: Registry,
    helper?: number,
  ) {
    const peak = new Float64Array(new SharedArrayBuffer(8));
    this.#watch = { parent: process.ppid, peak, ...(helper === undefined ? {} : { helper }) };
    new Worker(new URL('watchdog.js', import.meta.url), { workerData: this.#watch }).unref();
    this.#models = new LoadedModels(registry, engine);
  }

  /** Until stdin ends. */
  async run(): Promise<void> {
    send({
      type: 'hello',
      protocol: EVALUATOR_PROTOCOL_VERSION,
      name: this.engine.name,
      kinds: ['text-loss'],
      operations: ['evaluate', 'inspect', 'sample', 'prepare', 'cancel', 'release'],
      architectures: this.registry.classNames(),
      numerics: this.engine.numerics,
      capacity: 1,
    });
    const requests = new Requests(process.stdin, {
      onLine: () => {
        this.#preparing.abort();
      },
      onNotice: (notice) => {
        if (notice.type === 'release') void this.#models.release(notice.digest);
        else if (notice.model.directory !== undefined) void this.#prepare(notice.model.directory);
      },
      onNonsense: (why) => {
        process.stderr.write(`a line is not of protocol ${EVALUATOR_PROTOCOL_VERSION}: ${why}\n`);
      },
    });
    void this.engine.gone?.then(() => {
      this.#gone = true;
      requests.end();
    });
    for await (const { request, signal } of requests) {
      await this.#answer(request, signal);
      if (this.#gone) return;
    }
  }

  /** Nothing is judged: what is wrong with the model shows again when it is evaluated. */
  async #prepare(directory: string): Promise<void> {
    const { signal } = (this.#preparing = new AbortController());
    try {
      await this.engine.prepare(await openModel(directory, this.registry), signal);
    } catch {
      // Also where it was told to stop.
    }
  }

  async #answer(request: EvaluatorRequest, signal: AbortSignal): Promise<void> {
    const { id } = request;
    try {
      if (request.type === 'inspect') await this.#inspect(request);
      else if (request.type === 'sample') await this.#sample(request, signal);
      else await this.#evaluate(request, signal);
    } catch (error) {
      if (signal.aborted) {
        send({ type: 'cancelled', id });
        return;
      }
      if (!isAssayError(error))
        process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      send({ type: 'fault', id, error: faultReport(error) });
    }
  }

  async #inspect({ id, directory, tensors: wanted }: RequestOf<'inspect'>): Promise<void> {
    const { tensors, ...facts } = await inspectModel(directory, this.registry);
    for (let from = 0; wanted === true && from < tensors.length; from += TENSORS_IN_A_LINE)
      send({ type: 'tensors', id, tensors: tensors.slice(from, from + TENSORS_IN_A_LINE) });
    send({ type: 'facts', id, facts });
  }

  async #sample({ id, directory, seed }: RequestOf<'sample'>, signal: AbortSignal): Promise<void> {
    const model = await openModel(directory, this.registry);
    for await (const { name, shape, values } of sampleTensors(model, seed, signal))
      send({ type: 'values', id, name, shape: [...shape], values: base64Of(values) });
    send({ type: 'sampled', id });
  }

  async #evaluate(request: EvaluateRequest, signal: AbortSignal): Promise<void> {
    const { id, model: wanted, tasks } = request;
    if (wanted.directory === undefined)
      throw evaluatorErrors.SAMPLES_INVALID({ task: '', reason: 'this evaluator needs the folder of the model' });
    send({ type: 'progress', id, phase: 'load' });
    const startedAt = performance.now();
    const usedBefore = process.cpuUsage();
    await requireSameSizes(wanted.directory, wanted);
    const loaded = await this.#models.open(wanted.digest, wanted.directory);
    const fresh = performance.now() - startedAt;
    const loadedBefore = loaded.engine.loadMs;
    let keeps = false;
    try {
      if (loaded.opened.architecture.className !== wanted.architecture)
        throw evaluatorErrors.FILES_CHANGED({ directory: wanted.directory });
      const results = [];
      for (const task of tasks) results.push(await evaluateTask(id, loaded, task, signal));
      const loadMs = fresh + loaded.engine.loadMs - loadedBefore;
      const timings = this.#timingsSince(startedAt, usedBefore, loadMs);
      send({ type: 'answer', id, results, numerics: this.engine.numerics, timings });
      keeps = request.keep;
    } finally {
      if (keeps) await this.#models.keep(wanted.digest, loaded);
      else await loaded.engine.release();
    }
  }

  #timingsSince(startedAt: number, usedBefore: NodeJS.CpuUsage, loadMs: number): Timings {
    const { maxRSS } = process.resourceUsage();
    const { user, system } = process.cpuUsage(usedBefore);
    const peakAnonymousBytes = Math.max(this.#watch.peak[0] ?? 0, anonymousBytesOf(this.#watch));
    return {
      loadMs,
      computeMs: performance.now() - startedAt - loadMs,
      cpuMs: (user + system) / 1000,
      peakRssBytes: maxRSS * 1024,
      ...(peakAnonymousBytes > 0 ? { peakAnonymousBytes } : {}),
    };
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
