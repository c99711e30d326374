import type { RuntimeDeps } from './context.js';
import { importsToLookAt } from './imported-claims.js';
import { headsToLookAt } from './intake/claim-that-counts.js';
import type { ModelCheck } from './model-check.js';
import { attempt, type Loop } from './supervise.js';

/** The pause between two looks at one claim doubles up to so many polls. */
const LONGEST_PAUSE_POLLS = 16;

/**
 * Looks at claims that rounds wait for, also while the backlog is full: the first of each queue, those that could not be looked
 * at because of this machine, those whose repo was missing, and those of an imported state.
 */
export class ClaimRetry implements Loop {
  readonly name = 'claim-retry';
  /** By hotkey: the claim, polls left until the next look, and how many the next pause has. */
  readonly #pauses = new Map<string, { claim: string; left: number; next: number }>();

  constructor(
    private readonly deps: RuntimeDeps,
    private readonly check: ModelCheck,
  ) {}

  async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.deps.clock.sleep(this.deps.profile.cadences.modelSyncBacklogPoll, signal);
      await attempt(this.deps, this.name, () => this.#retry((hotkey, claim) => this.#isDue(hotkey, claim), signal));
    }
  }

  /** One more look at each of them, without waiting. */
  async pass(signal: AbortSignal): Promise<void> {
    await attempt(this.deps, this.name, () => this.#retry(() => true, signal));
  }

  async #retry(isDue: (hotkey: string, claim: string) => boolean, signal: AbortSignal): Promise<void> {
    const { state, view, chain } = this.deps;
    const unknown = state.unknownClaims().filter(({ stage }) => stage === 'look');
    // The order of a queue decides who reigns: its first claims come first.
    const heads = headsToLookAt(this.deps);
    const claims = [...heads, ...unknown, ...state.missingClaims(), ...importsToLookAt(this.deps)];
    const waiting = new Map(claims.map(({ hotkey, commitment, block }) => [hotkey, `${block}:${commitment}`]));
    for (const hotkey of this.#pauses.keys()) if (!waiting.has(hotkey)) this.#pauses.delete(hotkey);
    for (const [hotkey, claim] of waiting) {
      const neuron = view.neuronOf(hotkey);
      if (!neuron || !isDue(hotkey, claim)) continue;
      const { number } = await chain.head(signal);
      await this.check.check(neuron, number, false, signal);
    }
  }

  #isDue(hotkey: string, claim: string): boolean {
    const noted = this.#pauses.get(hotkey);
    const pause = noted?.claim === claim ? noted : { claim, left: 0, next: 1 };
    if (pause.left > 0) {
      this.#pauses.set(hotkey, { ...pause, left: pause.left - 1 });
      return false;
    }
    this.#pauses.set(hotkey, { claim, left: pause.next - 1, next: Math.min(pause.next * 2, LONGEST_PAUSE_POLLS) });
    return true;
  }
}
