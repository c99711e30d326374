import type {
  Canary,
  EvaluationAnswer,
  EvaluationProgress,
  EvaluationRequest,
  Evaluator,
  Numerics,
} from '../contracts/evaluator.js';
import type { EvaluatorHint } from '../contracts/evaluator-protocol.js';
import type { VerifiedModel } from '../contracts/model.js';
import type { Log } from '../contracts/logger.js';
import { textLossCanary } from './canary.js';
import { evaluationErrors } from './errors.js';
import type { Hello } from './evaluator-child.js';
import { ProcessClient, type ProcessOptions } from './process-client.js';

export interface ProcessEvaluatorOptions extends ProcessOptions {
  /** Kinds of task that the program has to be able to do. */
  kinds: readonly string[];
  /** Whether each model gets a process of its own, started while the one before is computed. */
  processPerModel: boolean;
  /** Whether the canary of text losses is scored before and between models. */
  canary: boolean;
}

/** An Evaluator in a process of its own, whatever program it is. */
export class ProcessEvaluator implements Evaluator {
  readonly kinds: readonly string[];
  readonly canary?: () => Promise<Canary>;
  readonly #client: ProcessClient;
  readonly #command: string;
  #numerics: Numerics | undefined;

  constructor(options: ProcessEvaluatorOptions, deps: { log: Log }) {
    this.kinds = options.kinds;
    if (options.canary && options.kinds.includes('text-loss')) this.canary = textLossCanary;
    this.#command = options.command.join(' ');
    this.#client = new ProcessClient({ ...options, oneRequestEach: options.processPerModel }, deps);
  }

  async numerics(signal: AbortSignal): Promise<Numerics> {
    const hello = await this.#client.hello(signal);
    this.#requireAbilities(hello);
    this.#requireSame(hello.numerics);
    return hello.numerics;
  }

  async evaluate(
    request: EvaluationRequest,
    onProgress: (progress: EvaluationProgress) => void,
    signal: AbortSignal,
  ): Promise<EvaluationAnswer> {
    await this.numerics(signal);
    const { id, model, tasks, deadlineMs } = request;
    const answer = await this.#client.request(
      { type: 'evaluate', id, model: onTheWire(model), tasks, deadlineMs },
      { deadlineMs },
      ({ phase, task, done, total }) => {
        onProgress({ phase, done, total, ...(task === undefined ? {} : { task }) });
      },
      signal,
    );
    if (answer.type !== 'answer') throw breach(`it answered an evaluation with ${answer.type}`);
    const answered = answer.results.map(({ name, kind }) => [name, kind].join());
    if (answered.join() !== tasks.map(({ name, kind }) => [name, kind].join()).join())
      throw breach('its results are not those of the tasks');
    this.#requireSame(answer.numerics);
    const { results, numerics, timings } = answer;
    return { id, results, numerics, timings };
  }

  async architectures(signal: AbortSignal): Promise<readonly string[] | undefined> {
    return (await this.#client.hello(signal)).architectures;
  }

  prepare(model: VerifiedModel): void {
    this.#client.prepare({ type: 'prepare', model: onTheWire(model) });
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  #requireAbilities({ kinds, operations }: Hello): void {
    const missing = [
      ...(operations.includes('evaluate') ? [] : ['evaluate']),
      ...this.kinds.filter((kind) => !kinds.includes(kind)),
    ];
    if (missing.length > 0) throw evaluationErrors.EVALUATOR_UNABLE({ command: this.#command, missing });
  }

  /** Results of two numerics are never mixed: a program that changes them under a running validator is not asked on. */
  #requireSame(numerics: Numerics): void {
    this.#numerics ??= numerics;
    if (fingerprint(this.#numerics) !== fingerprint(numerics))
      throw breach('its numerics have changed since the start');
  }
}

const onTheWire = ({ facts, files, directory }: VerifiedModel): EvaluatorHint['model'] => ({
  digest: facts.evaluationDigest,
  architecture: facts.architecture,
  files,
  directory,
});

const fingerprint = (numerics: Numerics): string =>
  JSON.stringify(Object.entries(numerics).sort(([a], [b]) => (a < b ? -1 : 1)));

const breach = (reason: string): Error => evaluationErrors.EVALUATOR_PROTOCOL({ reason, line: '' });
