import { claimTexts } from '../chain/claim-texts.js';
import { hotkeyChanges } from '../chain/hotkey-changes.js';
import type { ChainSnapshot } from '../contracts/chain-client.js';
import { takenClaimsWithout } from './intake/intake-rows.js';
import { report, type RuntimeDeps } from './context.js';
import { runtimeErrors } from './errors.js';
import { attempt, type Loop } from './supervise.js';
import { put } from './derived-rows.js';

/** Uids that one event lists at most. */
const LISTED_CHANGES = 50;

/** Keeps the shared snapshot fresh, and forgets what belonged to hotkeys that have left the subnet. */
export class MetagraphSync implements Loop {
  readonly name = 'metagraph-sync';
  #before: ChainSnapshot | undefined;

  constructor(
    private readonly options: {
      hotkey: string;
      offline: boolean;
      /** Called with each snapshot. */
      onSynced?: (snapshot: ChainSnapshot, signal: AbortSignal) => Promise<void>;
    },
    private readonly deps: RuntimeDeps,
  ) {}

  async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.deps.clock.sleep(this.deps.profile.cadences.metagraphSync, signal);
      await attempt(this.deps, this.name, () => this.sync(signal));
    }
  }

  /** The first sync is part of the start: a hotkey that is not registered ends it. */
  async sync(signal: AbortSignal): Promise<void> {
    const { view, state, profile, scheme } = this.deps;
    const snapshot = await view.refresh(signal);
    const own = view.neuronOf(this.options.hotkey);
    if (!own && !this.options.offline) {
      throw runtimeErrors.NOT_REGISTERED({ hotkey: this.options.hotkey, netuid: profile.netuid });
    }
    const registered = new Set<string>(snapshot.neurons.map(({ hotkey }) => hotkey));
    const forget = (): ReturnType<typeof put.forgetModel>[] => [
      ...state.models().flatMap(({ hotkey }) => (registered.has(hotkey) ? [] : [put.forgetModel(hotkey)])),
      ...state
        .hotkeysOnceUnknown()
        .flatMap((hotkey) => (registered.has(hotkey) ? [] : [put.unknownClaim(hotkey, undefined)])),
      ...state
        .missingClaims()
        .flatMap(({ hotkey }) => (registered.has(hotkey) ? [] : [put.missingClaim(hotkey, undefined)])),
      ...state
        .importedClaims()
        .flatMap(({ hotkey }) => (registered.has(hotkey) ? [] : [put.importedClaim(hotkey, undefined)])),
      ...state.historyWithout((hotkey) => !registered.has(hotkey)),
      ...takenClaimsWithout(state.journal, (hotkey) => !registered.has(hotkey)),
      ...state.tensorsWithout((hotkey) => !registered.has(hotkey)),
      // Left on the lists, they would count as backlog for ever.
      ...state.contendersWithout(this.deps.competitions.ids, (hotkey) => !registered.has(hotkey)),
    ];
    if (forget().length > 0) await state.update(forget);
    report(this.deps, {
      event: 'metagraph-synced',
      block: snapshot.at.number,
      neurons: snapshot.neurons.length,
      commitments: claimTexts(snapshot, scheme).size,
      uid: own?.uid ?? null,
    });
    this.#reportChanges(snapshot);
    await attempt(this.deps, this.name, async () => this.options.onSynced?.(snapshot, signal));
  }

  /** Compares with the sync before; the first one has nothing to compare with. */
  #reportChanges(snapshot: ChainSnapshot): void {
    const changes = this.#before ? hotkeyChanges(this.#before, snapshot) : [];
    this.#before = snapshot;
    if (changes.length === 0) return;
    report(this.deps, {
      event: 'hotkeys-changed',
      block: snapshot.at.number,
      count: changes.length,
      changes: changes.slice(0, LISTED_CHANGES),
    });
  }
}
