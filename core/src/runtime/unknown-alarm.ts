import type { ErrorReport } from '../errors/assay-error.js';
import { report, type RuntimeDeps } from './context.js';

/** Reasons for which nothing is decided that are this machine's doing. */
const ALARMING = new Set([
  'CLAIMS_UNKNOWN',
  'INCUMBENT_NOT_SCORED',
  'DEFENDER_UNAVAILABLE',
  'DEFENDER_NOT_SCORED',
  'CHALLENGERS_NOT_SCORED',
]);

/** Raises an alarm when the unknown claims of a competition change, and not with every round that they void. */
export class UnknownAlarm {
  /** By competition: what was said last. */
  readonly #raised = new Map<number, string>();

  constructor(private readonly deps: RuntimeDeps) {}

  /** @param reason why the newest round is void; null where it counts */
  update(competition: { id: number; name: string }, reason: ErrorReport | null): void {
    const error = reason && ALARMING.has(reason.code) ? reason : undefined;
    const before = this.#raised.get(competition.id);
    if (error === undefined) {
      if (before !== undefined) this.deps.log('info', 'every claim is known again', { competition: competition.name });
      this.#raised.delete(competition.id);
      return;
    }
    const now = JSON.stringify(error.payload);
    if (now === before) return;
    this.#raised.set(competition.id, now);
    this.deps.log('error', error.message, { competition: competition.name, code: error.code });
    report(this.deps, { event: 'warning', error });
  }
}
