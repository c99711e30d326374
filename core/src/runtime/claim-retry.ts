import type { RuntimeDeps } from './context.js';
import type { ModelCheck } from './model-check.js';
import { attempt, type Loop } from './supervise.js';

/** The pause between two looks at one claim doubles up to so many polls. */
const LONGEST_PAUSE_POLLS = 16;

/**
 * Looks again at claims that could not be looked at because of this machine, and at those whose repo was missing, also while
 * the backlog is full.
 */
export class ClaimRetry implements Loop {
  readonly name = 'claim-retry';
  /** By hotkey: polls left until the next look, and how many the next pause has. */
  readonly #pauses = new Map<string, { left: number; next: number }>();

  constructor(
    private readonly deps: RuntimeDeps,
    private readonly check: ModelCheck,
  ) {}

  async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.deps.clock.sleep(this.deps.profile.cadences.modelSyncBacklogPoll, signal);
      await attempt(this.deps, this.name, () => this.#retry((hotkey) => this.#isDue(hotkey), signal));
    }
  }

  /** One more look at each of them, without waiting. */
  async pass(signal: AbortSignal): Promise<void> {
    await attempt(this.deps, this.name, () => this.#retry(() => true, signal));
  }

  async #retry(isDue: (hotkey: string) => boolean, signal: AbortSignal): Promise<void> {
    const { state, view, chain } = this.deps;
    const unknown = state.unknownClaims().flatMap(({ hotkey, stage }) => (stage === 'look' ? [hotkey] : []));
    const missing = state.missingClaims().map(({ hotkey }) => hotkey);
    for (const hotkey of new Set([...unknown, ...missing])) {
      const neuron = view.neuronOf(hotkey);
      if (!neuron || !isDue(hotkey)) continue;
      const { number } = await chain.head(signal);
      await this.check.check(neuron, number, false, signal);
    }
  }

  #isDue(hotkey: string): boolean {
    const pause = this.#pauses.get(hotkey) ?? { left: 0, next: 1 };
    if (pause.left > 0) {
      this.#pauses.set(hotkey, { ...pause, left: pause.left - 1 });
      return false;
    }
    this.#pauses.set(hotkey, { left: pause.next - 1, next: Math.min(pause.next * 2, LONGEST_PAUSE_POLLS) });
    return true;
  }
}
