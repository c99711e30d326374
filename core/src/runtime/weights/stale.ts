import type { ErrorReport } from '../../errors/assay-error.js';
import type { ChainSnapshot } from '../../contracts/chain-client.js';
import { weightsAge } from '../../chain/weights-age.js';
import { report, type RuntimeDeps } from '../context.js';

type StaleDeps = Pick<RuntimeDeps, 'state' | 'reporter' | 'clock' | 'log'>;

/** Raises an alarm while the weights on chain are older than three tempos: at once, and again with each tempo. */
export class StaleWeights {
  #toldAt: number | undefined;

  constructor(
    private readonly options: { hotkey: string },
    private readonly deps: StaleDeps,
  ) {}

  /** @param reason the newest reason for which weights were not set */
  look(snapshot: ChainSnapshot, reason: () => ErrorReport | null): void {
    const { at, parameters, ownerHotkey } = snapshot;
    const own = snapshot.neurons.find(({ hotkey }) => hotkey === this.options.hotkey);
    // The owner's hotkey sets weights without a permit.
    if (!own || !(own.validatorPermit || own.hotkey === ownerHotkey)) return;
    const {
      overdue,
      never,
      blocksSinceWeights: blocks,
    } = weightsAge(own, snapshot, this.deps.state.ownUpdate()?.since);
    if (!overdue) {
      this.#toldAt = undefined;
      return;
    }
    if (this.#toldAt !== undefined && at.number - this.#toldAt < parameters.tempo) return;
    this.#toldAt = at.number;
    const failure = reason();
    this.deps.log('error', 'the weights on chain are older than three tempos', { blocks, code: failure?.code });
    report(this.deps, {
      event: 'weights-stale',
      block: at.number,
      uid: own.uid,
      lastUpdate: never ? null : own.lastUpdate,
      blocks,
      tempo: parameters.tempo,
      error: failure,
    });
  }
}
