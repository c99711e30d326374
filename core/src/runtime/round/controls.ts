import { monotonicMs } from '../../contracts/clock.js';
import { randomUUID } from 'node:crypto';
import { toAssayError } from '../../errors/describe.js';
import { availableMemory } from '../../evaluation/machine-memory.js';
import type { RuntimeDeps } from '../context.js';
import { isAbort } from '../supervise.js';
import type { Asking, Place } from './ask.js';
import { CONTROL_SIZE, type ControlRun } from './blame.js';
import type { Contender } from './plan.js';
import { judgedTasks } from './results.js';
import type { DrawnTask } from './sample.js';

/** A second one is asked where the first fails: one flaky model must not protect another. */
const MAX_CONTROLS = 2;

interface Scored {
  contender: Contender;
  elapsedMs: number;
}

/** Models that this round has scored, which can show what the machine is able to do now. */
export class Controls {
  readonly #scored: Scored[] = [];

  constructor(
    private readonly deps: RuntimeDeps,
    private readonly tasks: readonly DrawnTask[],
    private readonly asking: Asking,
  ) {}

  add(contender: Contender, elapsedMs: number): void {
    this.#scored.push({ contender, elapsedMs });
  }

  existFor(contender: Contender): boolean {
    return this.#candidates(contender).length > 0;
  }

  /** Scores a control again; returns undefined when there is none, or when none can be scored now. */
  async run(contender: Contender, place: Place, signal: AbortSignal): Promise<ControlRun | undefined> {
    for (const { contender: control } of this.#candidates(contender).slice(0, MAX_CONTROLS)) {
      const found = await this.#score(control, place, signal);
      if (found) return found;
    }
    return undefined;
  }

  /**
   * The one that took the longest comes first: what is easy for the machine proves little. Another miner's, and other
   * tensors, so that nobody vouches against himself.
   */
  #candidates({ neuron, model: { facts } }: Contender): Scored[] {
    const suitable = this.#scored.filter(
      ({ contender: other }) =>
        other.neuron.hotkey !== neuron.hotkey &&
        other.model.facts.tensorsDigest !== facts.tensorsDigest &&
        other.model.facts.parameterCount >= facts.parameterCount * CONTROL_SIZE,
    );
    return suitable.sort((a, b) => b.elapsedMs - a.elapsedMs);
  }

  async #score(control: Contender, place: Place, signal: AbortSignal): Promise<ControlRun | undefined> {
    const { neuron, model } = control;
    const memory = await availableMemory();
    const startedAt = monotonicMs(this.deps.clock);
    try {
      // An id of its own: an answer that somebody has kept would say nothing about now.
      const { results, timings } = await this.asking.ask(control, randomUUID(), place, signal);
      judgedTasks({ results }, this.tasks);
      return {
        uid: neuron.uid,
        parameterCount: model.facts.parameterCount,
        memory,
        elapsedMs: monotonicMs(this.deps.clock) - startedAt,
        peakBytes: timings.peakAnonymousBytes,
      };
    } catch (error) {
      if (isAbort(error)) throw error;
      this.deps.log('warn', 'a control could not be scored', { uid: neuron.uid, code: toAssayError(error).code });
      return undefined;
    }
  }
}
