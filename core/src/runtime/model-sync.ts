import type { Neuron } from '../contracts/chain-client.js';
import { monotonicMs } from '../contracts/clock.js';
import type { RuntimeDeps } from './context.js';
import type { ModelCheck } from './model-check.js';
import { attempt, type Loop } from './supervise.js';

/** Walks the uids in an endless ascending cycle and looks at what each has committed. */
export class ModelSync implements Loop {
  readonly name = 'model-sync';
  /** Monotonic milliseconds at which a uid was last looked at. */
  readonly #seen = new Map<number, number>();
  /** Uids at which the newest look did not come to its end, as when the chain did not answer. */
  readonly #missed = new Set<number>();
  #cycled = false;
  #full = false;

  constructor(
    private readonly options: { updatedModelsLimit: number; startUid: () => number },
    private readonly deps: RuntimeDeps,
    private readonly check: ModelCheck,
  ) {}

  /** Whether this run has looked at every uid once, or at as many models as may wait at a time. */
  get hasLookedAtAll(): boolean {
    return this.#full || (this.#cycled && this.#missed.size === 0);
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, profile } = this.deps;
    await clock.sleep(profile.cadences.modelSyncStart, signal);
    let previous = this.options.startUid() - 1;
    for (;;) {
      while (this.#backlog() >= this.options.updatedModelsLimit) {
        this.#full = true;
        await clock.sleep(profile.cadences.modelSyncBacklogPoll, signal);
      }
      const neuron = this.#next(previous);
      if (!neuron) {
        await clock.sleep(profile.cadences.modelSyncBacklogPoll, signal);
        continue;
      }
      previous = neuron.uid;
      const seen = this.#seen.get(neuron.uid);
      if (seen !== undefined) this.#cycled = true;
      if (seen !== undefined)
        await clock.sleep(Math.max(0, seen + profile.cadences.modelSync - monotonicMs(clock)), signal);
      this.#seen.set(neuron.uid, monotonicMs(clock));
      await this.#attempt(neuron.uid, signal);
    }
  }

  /** Every uid once, without waiting: what `--once` and the first round of a fresh start need. */
  async pass(signal: AbortSignal): Promise<void> {
    for (const { uid } of this.deps.view.current.neurons) {
      signal.throwIfAborted();
      this.#seen.set(uid, monotonicMs(this.deps.clock));
      await this.#attempt(uid, signal);
    }
    this.#cycled = true;
  }

  async #attempt(uid: number, signal: AbortSignal): Promise<void> {
    const done = await attempt(this.deps, this.name, () => this.#look(uid, signal));
    if (done) this.#missed.delete(uid);
    else this.#missed.add(uid);
  }

  async #look(uid: number, signal: AbortSignal): Promise<void> {
    const head = await this.deps.chain.head(signal);
    // The uid may have changed hands since the cycle chose it.
    const neuron = this.deps.view.current.neurons.find((candidate) => candidate.uid === uid);
    if (neuron) await this.check.check(neuron, head.number, false, signal);
  }

  #next(previous: number): Neuron | undefined {
    const { neurons } = this.deps.view.current;
    return neurons.find(({ uid }) => uid > previous) ?? neurons[0];
  }

  /** Uids that wait to be judged or are kept from the last round. */
  #backlog(): number {
    const { state, view } = this.deps;
    const ids = this.deps.competitions.inForce(view.current.at.number).map(({ competition }) => competition.id);
    return state.activeHotkeys(ids).size;
  }
}
