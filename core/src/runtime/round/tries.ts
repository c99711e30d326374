import type { EvaluationAnswer } from '../../contracts/evaluator.js';
import type { TaskResult } from '../../contracts/evaluation-task.js';
import { toAssayError } from '../../errors/describe.js';
import { availableMemory, outOfMemoryKills } from '../../evaluation/machine-memory.js';
import type { RuntimeDeps } from '../context.js';
import { isAbort } from '../supervise.js';
import type { StoredEvaluation } from '../tables.js';
import type { Place } from './ask.js';
import { blameFor, type FailedTry } from './blame.js';
import type { Controls } from './controls.js';
import { canariesFor, requireHealth } from './health.js';
import type { Part } from './parts.js';
import type { Contender } from './plan.js';

/** A contender's turn: who it is, and how it is asked for. */
export interface Turn {
  contender: Contender;
  part: Part;
  place: Place;
  ask: () => Promise<EvaluationAnswer>;
}

/** Failures that say nothing about the model, tried again or not. */
const NOT_OF_THE_MODEL = new Set([
  'INTERNAL',
  'ROUND_DEADLINE',
  'EVALUATOR_KILLED',
  'STORED_MODEL_CHANGED',
  'MODEL_NOT_STORED',
  'DEFENDER_UNAVAILABLE',
  'STORE_FULL',
  'STORE_FAILED',
  'SAMPLES_UNREADABLE',
  'SAMPLES_DIFFER',
]);

/**
 * Two tries of a model. Nobody is blamed for a failure that was seen once: the model is tried again in another process,
 * after the canary has shown that the machine is well and another model of about its size that the machine can do it now.
 */
export class Tries {
  #healthy: Promise<void> | undefined;

  constructor(
    private readonly deps: RuntimeDeps,
    private readonly controls: Controls,
    private readonly capacity: number,
    /** Classes of the models of the round. */
    private readonly architectures: readonly string[],
  ) {}

  /**
   * The first try.
   * @throws what says nothing about the model, such as a dataset or a disk that fails
   */
  async first({ contender, ask }: Turn, signal: AbortSignal): Promise<{ results: TaskResult[] } | FailedTry> {
    this.#healthy ??= this.#requireHealthOfAll(signal);
    await this.#healthy;
    const first = await attemptOf(ask);
    if ('results' in first || !this.deps.evaluator.canary) return first;
    this.deps.log(first.error.fault === 'miner' ? 'info' : 'warn', 'an evaluation failed and is tried again', {
      uid: contender.neuron.uid,
      code: first.error.code,
    });
    return first;
  }

  /** Each canary as many times at once as is computed at a time: each process of an evaluator of several scores it. */
  async #requireHealthOfAll(signal: AbortSignal): Promise<void> {
    for (const canary of await canariesFor(this.deps, this.architectures)) {
      const all = Array.from({ length: this.capacity }, () => requireHealth(this.deps, canary, signal));
      const failed = (await Promise.allSettled(all)).find((one) => one.status === 'rejected');
      if (failed) throw failed.reason;
    }
  }

  /** Whether the second try of this failure is worth more at the end of the round, when there is a control. */
  isWorthWaiting({ contender }: Turn, { error }: FailedTry): boolean {
    return this.deps.evaluator.canary !== undefined && error.fault !== 'miner' && !this.controls.existFor(contender);
  }

  /**
   * The second try: results, or what the miner has done wrong. Nothing else is under way meanwhile.
   * @throws the failure, where it is not the miner's
   */
  async second(turn: Turn, first: FailedTry, signal: AbortSignal): Promise<StoredEvaluation> {
    const { contender, part, ask, place } = turn;
    if (!this.deps.evaluator.canary) return withoutEvidence(first);
    for (const canary of await canariesFor(this.deps, [contender.model.facts.architecture]))
      await requireHealth(this.deps, canary, signal);
    const control = first.error.fault === 'miner' ? undefined : await this.controls.run(contender, part, place, signal);
    const second = await attemptOf(ask);
    if ('results' in second) return second;
    const { parameterCount } = contender.model.facts;
    const blamed = blameFor({ first, second, control, parameterCount });
    if (!blamed) throw second.error;
    return { error: blamed.toReport() };
  }
}

/** Results, or a failure that says something about the model or the machine; any other rejects. */
async function attemptOf(ask: Turn['ask']): Promise<{ results: TaskResult[] } | FailedTry> {
  const [memory, kills] = await Promise.all([availableMemory(), outOfMemoryKills()]);
  try {
    return { results: (await ask()).results };
  } catch (error) {
    const known = toAssayError(error);
    if (isAbort(error) || known.fault === 'config' || known.fault === 'network' || NOT_OF_THE_MODEL.has(known.code))
      throw error;
    const killsNow = await outOfMemoryKills();
    return { error: known, memory, outOfMemory: kills !== undefined && killsNow !== undefined && killsNow > kills };
  }
}

/** Without a canary nothing tells a sick machine from a bad model: the evaluator's own word stands. */
function withoutEvidence({ error }: FailedTry): StoredEvaluation {
  if (error.fault === 'miner') return { error: error.toReport() };
  throw error;
}
