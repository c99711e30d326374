import { repoName } from '../contracts/model.js';
import { report, type RuntimeDeps } from './context.js';
import { attempt, type Loop } from './supervise.js';

/** Frees the disk of models that nobody waits for. */
export class StoreCleaning implements Loop {
  readonly name = 'store-cleaning';

  constructor(private readonly deps: RuntimeDeps) {}

  async run(signal: AbortSignal): Promise<void> {
    const { clock, profile } = this.deps;
    await clock.sleep(profile.cadences.cleaningStart, signal);
    for (;;) {
      await attempt(this.deps, this.name, () => this.clean(signal));
      await clock.sleep(profile.cadences.cleaning, signal);
    }
  }

  async clean(signal: AbortSignal): Promise<void> {
    const { state, store, profile, competitions } = this.deps;
    const active = state.activeHotkeys(competitions.ids);
    const keep = state
      .models()
      .flatMap(({ hotkey, reference }) => (reference && active.has(hotkey) ? [reference] : []));
    const { removed, freedBytes } = await store.prune(keep, profile.cadences.cleaningGrace, signal);
    if (removed.length === 0) return;
    const names = removed.map((reference) => `${repoName(reference)}@${reference.revision}`);
    report(this.deps, { event: 'store-cleaned', removed: names, freedBytes });
  }
}
