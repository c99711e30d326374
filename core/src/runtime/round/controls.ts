import { monotonicMs } from '../../contracts/clock.js';
import { randomUUID } from 'node:crypto';
import { toAssayError } from '../../errors/describe.js';
import { availableMemory } from '../../evaluation/machine-memory.js';
import type { RuntimeDeps } from '../context.js';
import { isAbort } from '../supervise.js';
import type { Asking, Place } from './ask.js';
import { CONTROL_SIZE, type ControlRun } from './blame.js';
import { askedIn, type Part } from './parts.js';
import type { Contender } from './plan.js';
import { judgedTasks } from './results.js';
import type { DrawnTask } from './sample.js';

/** A second one is asked where the first fails: one flaky model must not protect another. */
const MAX_CONTROLS = 2;

/** Models that this round has scored, which can show what the machine is able to do now. */
export class Controls {
  /** With how long each has taken. */
  readonly #scored = new Map<Contender, number>();

  constructor(
    private readonly deps: RuntimeDeps,
    private readonly tasks: readonly DrawnTask[],
    private readonly asking: Asking,
  ) {}

  /** Notes a model that was scored. @param elapsedMs of all its parts */
  add(contender: Contender, elapsedMs: number): void {
    this.#scored.set(contender, elapsedMs);
  }

  /** Takes out a model that can't be scored any more. */
  remove(contender: Contender): void {
    this.#scored.delete(contender);
  }

  existFor(contender: Contender): boolean {
    return this.#candidates(contender).length > 0;
  }

  /** Scores a control again, on the part that fails; returns undefined when there is none, or when none can be scored now. */
  async run(contender: Contender, part: Part, place: Place, signal: AbortSignal): Promise<ControlRun | undefined> {
    for (const control of this.#candidates(contender).slice(0, MAX_CONTROLS)) {
      const found = await this.#score(control, part, place, signal);
      if (found) return found;
    }
    return undefined;
  }

  /**
   * The one that took the longest comes first: what is easy for the machine proves little. Another miner's, and other
   * tensors, so that nobody vouches against himself.
   */
  #candidates({ neuron, model: { facts } }: Contender): Contender[] {
    const suitable = [...this.#scored].filter(
      ([other]) =>
        other.neuron.hotkey !== neuron.hotkey &&
        other.model.facts.tensorsDigest !== facts.tensorsDigest &&
        other.model.facts.parameterCount >= facts.parameterCount * CONTROL_SIZE,
    );
    return suitable.sort(([, a], [, b]) => b - a).map(([other]) => other);
  }

  async #score(control: Contender, part: Part, place: Place, signal: AbortSignal): Promise<ControlRun | undefined> {
    const { neuron, model } = control;
    const memory = await availableMemory();
    const startedAt = monotonicMs(this.deps.clock);
    try {
      // An id of its own: an answer that somebody has kept would say nothing about now.
      const tasks = askedIn(part, this.tasks).map(({ evaluation }) => evaluation);
      const question = { id: randomUUID(), tasks, keep: false, isControl: true, place };
      const { results, timings } = await this.asking.ask(control, question, signal);
      judgedTasks({ results }, part.isFirst ? this.tasks : this.tasks.map((task) => ({ ...task, prompts: [] })));
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
