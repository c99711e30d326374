import { repoName, type ModelReference } from '../contracts/model.js';
import { report, type RuntimeDeps } from './context.js';
import { allDefenders } from './defenders.js';
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
    const { store, profile } = this.deps;
    await store.keep(awaitedModels(this.deps));
    const { removed, freedBytes } = await store.prune(profile.cadences.cleaningGrace, signal);
    if (removed.length === 0) return;
    const names = removed.map((reference) => `${repoName(reference)}@${reference.revision}`);
    report(this.deps, { event: 'store-cleaned', removed: names, freedBytes });
  }
}

/** The models of all hotkeys that wait to be judged or are kept from the last round, and those that defend their places. */
export function awaitedModels(deps: Pick<RuntimeDeps, 'state' | 'competitions' | 'view'>): ModelReference[] {
  const { state, competitions, view } = deps;
  const active = state.activeHotkeys(competitions.ids);
  const waiting = state
    .models()
    .flatMap(({ hotkey, reference }) => (reference && active.has(hotkey) ? [reference] : []));
  return [...waiting, ...allDefenders(deps, view.current.at.number).map(({ reference }) => reference)];
}
