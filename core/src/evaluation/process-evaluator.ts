import type {
  EvaluationAnswer,
  EvaluationProgress,
  EvaluationRequest,
  Evaluator,
  Numerics,
} from '../contracts/evaluator.js';
import type { EvaluationTask } from '../contracts/evaluation-task.js';
import type { EvaluateRequest, EvaluatorHello } from '../contracts/evaluator-protocol.js';
import type { VerifiedModel } from '../contracts/model.js';
import type { Log } from '../contracts/logger.js';
import { TASK_KINDS } from '../kinds/task-kinds.js';
import { evaluationErrors } from './errors.js';
import type { OnMessage } from './evaluator-child.js';
import { ProcessClient, type ProcessOptions } from './process-client.js';
import { StreamedLosses } from './streamed-losses.js';

export interface ProcessEvaluatorOptions extends ProcessOptions {
  /** Kinds of task that the program has to be able to do. */
  kinds: readonly string[];
  /** Whether each model gets a process of its own, started while the one before is computed. */
  processPerModel: boolean;
  /** Whether a canary of one of the kinds is scored before and between models. */
  canary: boolean;
}

type NamedTask = Pick<EvaluationTask, 'name' | 'kind'>;

/**
 * An Evaluator in a process of its own, whatever program it is. A process is asked one thing at a time, also where its program
 * could do more: the end of a process then says whose model it was. An evaluator of several processes is made of several of these.
 */
export class ProcessEvaluator implements Evaluator {
  readonly kinds: readonly string[];
  readonly canary?: NonNullable<Evaluator['canary']>;
  readonly #client: ProcessClient;
  readonly #command: string;
  #numerics: Numerics | undefined;

  constructor(options: ProcessEvaluatorOptions, deps: { log: Log }) {
    this.kinds = options.kinds;
    const canary = TASK_KINDS.find(({ name, canary: one }) => one && options.kinds.includes(name))?.canary;
    if (options.canary && canary) this.canary = canary;
    this.#command = options.command.join(' ');
    this.#client = new ProcessClient({ ...options, oneModelEach: options.processPerModel }, deps);
  }

  async numerics(signal: AbortSignal): Promise<Numerics> {
    return (await this.#hello(signal)).numerics;
  }

  async evaluate(
    request: EvaluationRequest,
    onProgress: (progress: EvaluationProgress) => void,
    signal: AbortSignal,
  ): Promise<EvaluationAnswer> {
    await this.#hello(signal);
    const { id, model, tasks, deadlineMs, keep = false } = request;
    const losses = new StreamedLosses(tasks);
    const answer = await this.#client.request(
      { type: 'evaluate', id, model: onTheWire(model), tasks, deadlineMs, keep },
      { deadlineMs },
      (message) => this.#take(message, tasks, losses, onProgress),
      signal,
    );
    if (answer.type !== 'answer') throw evaluationErrors.EVALUATOR_PROTOCOL({ reason: 'it gave no answer', line: '' });
    const results = answer.results.map(({ name, kind, details }) => ({ name, kind, losses: losses.of(name), details }));
    return { id, results, numerics: answer.numerics, timings: answer.timings };
  }

  /** Collects the losses of a request, and reports how far it is. @returns what is wrong with the message */
  #take(
    message: Parameters<OnMessage>[0],
    tasks: readonly EvaluationTask[],
    losses: StreamedLosses,
    onProgress: (progress: EvaluationProgress) => void,
  ): string | undefined {
    if (message.type === 'progress') {
      const { phase, task } = message;
      onProgress({ phase, done: losses.done, total: losses.total, ...(task === undefined ? {} : { task }) });
      return undefined;
    }
    if (message.type === 'losses') {
      const reason = losses.take(message);
      if (reason !== undefined) return reason;
      const { task, from, losses: values } = message;
      onProgress({ phase: 'score', task, done: losses.done, total: losses.total, losses: { from, values } });
      return undefined;
    }
    if (message.type === 'fault') return undefined;
    if (message.type !== 'answer') return `it answered an evaluation with ${message.type}`;
    if (!sameTasks(message.results, tasks)) return 'its results are not those of the tasks';
    return losses.missing ?? this.#changed(message.numerics);
  }

  async architectures(signal: AbortSignal): Promise<readonly string[]> {
    return (await this.#client.hello(signal)).architectures;
  }

  prepare(model: VerifiedModel): void {
    this.#client.prepare({ type: 'prepare', model: onTheWire(model) });
  }

  release({ facts }: VerifiedModel): void {
    this.#client.release(facts.evaluationDigest);
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  async #hello(signal: AbortSignal): Promise<EvaluatorHello> {
    const hello = await this.#client.hello(signal);
    this.#requireAbilities(hello);
    this.#numerics ??= hello.numerics;
    const reason = this.#changed(hello.numerics);
    if (reason !== undefined) throw evaluationErrors.EVALUATOR_PROTOCOL({ reason, line: '' });
    return hello;
  }

  #requireAbilities({ kinds, operations }: EvaluatorHello): void {
    const missing = [
      ...(operations.includes('evaluate') ? [] : ['evaluate']),
      ...this.kinds.filter((kind) => !kinds.includes(kind)),
    ];
    if (missing.length > 0) throw evaluationErrors.EVALUATOR_UNABLE({ command: this.#command, missing });
  }

  /** Results of two numerics are never mixed: a program that changes them under a running validator is not asked on. */
  #changed(numerics: Numerics): string | undefined {
    return fingerprint(this.#numerics ?? numerics) === fingerprint(numerics)
      ? undefined
      : 'its numerics have changed since the start';
  }
}

const sameTasks = (results: readonly NamedTask[], tasks: readonly NamedTask[]): boolean =>
  results.length === tasks.length &&
  results.every(({ name, kind }, index) => tasks[index]?.name === name && tasks[index].kind === kind);

const onTheWire = ({ facts, files, directory }: VerifiedModel): EvaluateRequest['model'] => ({
  digest: facts.evaluationDigest,
  architecture: facts.architecture,
  files,
  directory,
});

const fingerprint = (numerics: Numerics): string =>
  JSON.stringify(Object.entries(numerics).sort(([a], [b]) => (a < b ? -1 : 1)));
