import { randomUUID } from 'node:crypto';
import type { Inspection, ModelInspector, SampledTensor } from '../contracts/evaluator.js';
import type { Log } from '../contracts/logger.js';
import type { UsedTensor } from '../contracts/model.js';
import { evaluationErrors } from './errors.js';
import type { Answer, OnMessage } from './evaluator-child.js';
import { ProcessClient, type ProcessOptions } from './process-client.js';

/** Every byte of a model is hashed: a large one on a slow disk takes its time. */
const DEADLINE_MS = 1_800_000;
/** Only a few pages of each tensor are read. */
const SAMPLE_DEADLINE_MS = 300_000;
/** As many as the headers of a model may name. */
const MAX_TENSORS = 100_000;
const MAX_VALUES = 4096;
const FLOAT_BYTES = 4;

/** A ModelInspector in a process of its own: a hostile header can't hurt the validator. */
export class ProcessInspector implements ModelInspector {
  readonly #client: ProcessClient;
  readonly #command: string;

  constructor(options: ProcessOptions, deps: { log: Log }) {
    this.#client = new ProcessClient({ ...options, oneModelEach: false }, deps);
    this.#command = options.command.join(' ');
  }

  async inspect(directory: string, signal: AbortSignal): Promise<Inspection> {
    const tensors: UsedTensor[] = [];
    const answer = await this.#client.request(
      { type: 'inspect', id: randomUUID(), directory, tensors: true },
      { deadlineMs: DEADLINE_MS },
      (message) => {
        if (message.type === 'tensors') tensors.push(...message.tensors);
        return tensors.length > MAX_TENSORS ? `it lists more than ${MAX_TENSORS} tensors` : undefined;
      },
      signal,
    );
    if (answer.type !== 'facts') throw wrongAnswer('an inspection', answer);
    return { ...answer.facts, ...(tensors.length > 0 ? { tensors } : {}) };
  }

  async sample(directory: string, seed: string, signal: AbortSignal): Promise<readonly SampledTensor[]> {
    const { operations } = await this.#client.hello(signal);
    if (!operations.includes('sample'))
      throw evaluationErrors.EVALUATOR_UNABLE({ command: this.#command, missing: ['sample'] });
    const sampled: SampledTensor[] = [];
    const answer = await this.#client.request(
      { type: 'sample', id: randomUUID(), directory, seed },
      { deadlineMs: SAMPLE_DEADLINE_MS },
      (message) => (message.type === 'values' ? take(message, sampled) : undefined),
      signal,
    );
    if (answer.type !== 'sampled') throw wrongAnswer('a request for a sample', answer);
    return sampled;
  }

  async architectures(signal: AbortSignal): Promise<readonly string[]> {
    return (await this.#client.hello(signal)).architectures;
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

/** Adds the values of one tensor. @returns what is wrong with the message */
function take(
  { name, shape, values: text }: Extract<Parameters<OnMessage>[0], { type: 'values' }>,
  sampled: SampledTensor[],
): string | undefined {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length % FLOAT_BYTES !== 0 || bytes.length > MAX_VALUES * FLOAT_BYTES)
    return `the values of a tensor are not at most ${MAX_VALUES} float32`;
  if (sampled.length === MAX_TENSORS) return `it sends values of more than ${MAX_TENSORS} tensors`;
  const values = Float32Array.from({ length: bytes.length / FLOAT_BYTES }, (_none, index) =>
    bytes.readFloatLE(index * FLOAT_BYTES),
  );
  sampled.push({ name, shape, values });
  return undefined;
}

const wrongAnswer = (asked: string, { type }: Answer): Error =>
  evaluationErrors.EVALUATOR_PROTOCOL({ reason: `it answered ${asked} with ${type}`, line: '' });
