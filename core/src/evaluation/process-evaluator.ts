import type { EvaluationAnswer, EvaluationProgress, EvaluationRequest, Evaluator, Numerics } from '../contracts/evaluator.js';
import type { Log } from '../contracts/logger.js';
import { evaluationErrors } from './errors.js';
import { ProcessClient, type ProcessOptions } from './process-client.js';

/** An Evaluator in a process of its own, whatever program it is. */
export class ProcessEvaluator implements Evaluator {
  readonly kinds: readonly string[];
  readonly #client: ProcessClient;

  constructor(options: ProcessOptions & { kinds: readonly string[] }, deps: { log: Log }) {
    this.kinds = options.kinds;
    this.#client = new ProcessClient(options, deps);
  }

  async numerics(signal: AbortSignal): Promise<Numerics> {
    return (await this.#client.hello(signal)).numerics;
  }

  async evaluate(
    request: EvaluationRequest,
    onProgress: (progress: EvaluationProgress) => void,
    signal: AbortSignal,
  ): Promise<EvaluationAnswer> {
    const { id, model, tasks, deadlineMs } = request;
    const { facts, files, directory } = model;
    const answer = await this.#client.request(
      { type: 'evaluate', id, model: { digest: facts.evaluationDigest, architecture: facts.architecture, files, directory }, tasks, deadlineMs },
      { deadlineMs },
      onProgress,
      signal,
    );
    if (answer.type === 'answer') return answer;
    throw evaluationErrors.EVALUATOR_PROTOCOL({ reason: `it answered an evaluation with ${answer.type}`, line: '' });
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}
