import { topMiners } from '../judging/top-miners.js';
import type { RuntimeDeps } from './context.js';
import type { ModelCheck } from './model-check.js';
import { attempt, type Loop } from './supervise.js';

/** Brings back the models that the big validators reward: who misses one loses vtrust. May exceed the slot limit. */
export class TopModelScan implements Loop {
  readonly name = 'top-model-scan';

  constructor(
    private readonly deps: RuntimeDeps,
    private readonly check: ModelCheck,
  ) {}

  async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.deps.clock.sleep(this.deps.profile.cadences.topModelScan, signal);
      await attempt(this.deps, this.name, () => this.scan(signal));
    }
  }

  async scan(signal: AbortSignal): Promise<void> {
    const { view, chain, state, profile, competitions } = this.deps;
    const snapshot = view.current;
    const { number: block } = await chain.head(signal);
    const uids = topMiners(snapshot, profile.topMiners);
    for (const uid of uids) {
      const neuron = snapshot.neurons.find((candidate) => candidate.uid === uid);
      if (!neuron) continue;
      const evaluatedAt = competitions.ids.flatMap((id) =>
        state.history(id, neuron.hotkey).map((result) => result.block),
      );
      const last = Math.max(...evaluatedAt, Number.NEGATIVE_INFINITY);
      const due = block - last >= profile.topMiners.reevaluateAfterBlocks;
      if (due) await this.check.check(neuron, block, true, signal);
    }
  }
}
