import { randomUUID } from 'node:crypto';
import type { ModelInspector } from '../contracts/evaluator.js';
import type { Log } from '../contracts/logger.js';
import type { ModelFacts } from '../contracts/model.js';
import { evaluationErrors } from './errors.js';
import { ProcessClient, type ProcessOptions } from './process-client.js';

/** Every byte of a model is hashed: a large one on a slow disk takes its time. */
const DEADLINE_MS = 1_800_000;

/** A ModelInspector in a process of its own: a hostile header can't hurt the validator. */
export class ProcessInspector implements ModelInspector {
  readonly #client: ProcessClient;

  constructor(options: ProcessOptions, deps: { log: Log }) {
    this.#client = new ProcessClient({ ...options, oneModelEach: false }, deps);
  }

  async inspect(directory: string, signal: AbortSignal): Promise<ModelFacts> {
    const answer = await this.#client.request(
      { type: 'inspect', id: randomUUID(), directory },
      { deadlineMs: DEADLINE_MS },
      () => undefined,
      signal,
    );
    if (answer.type === 'facts') return answer.facts;
    throw evaluationErrors.EVALUATOR_PROTOCOL({ reason: `it answered an inspection with ${answer.type}`, line: '' });
  }

  async architectures(signal: AbortSignal): Promise<readonly string[]> {
    return (await this.#client.hello(signal)).architectures;
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}
