import type { QueuedClaim } from '../../contracts/entrants-rule.js';
import { repoName } from '../../contracts/model.js';
import type { ScheduledCompetition } from '../competitions.js';
import { report, type RuntimeDeps } from '../context.js';
import { runtimeErrors } from '../errors.js';
import { admitted, type ClaimQueue } from './claim-queue.js';

/**
 * Raises an alarm when the first claim of a queue can't be looked at by a fault that is not its miner's, and says when that is
 * over. A model that can't be scored makes its round void, which has an alarm of its own.
 */
export class QueueAlarm {
  /** By competition: hotkey and code of what was said last. */
  readonly #raised = new Map<number, string>();

  constructor(private readonly deps: RuntimeDeps) {}

  update({ competition: { id, name } }: Pick<ScheduledCompetition, 'competition'>, queue: ClaimQueue): void {
    const [head] = admitted(this.deps, queue);
    const code = head && this.#codeOf(head);
    const said = head && code !== undefined ? `${head.hotkey} ${code}` : undefined;
    if (this.#raised.get(id) === said) return;
    if (head && code !== undefined && said !== undefined) this.#raise({ id, name }, head, code, said);
    else this.#end({ id, name });
  }

  /** Why nothing is known of a claim; undefined where its model is known, is missing within its grace, or was not looked at yet. */
  #codeOf({ hotkey, commitment, block }: QueuedClaim): string | undefined {
    const { state } = this.deps;
    const unknown = state.unknownClaim(hotkey);
    if (unknown?.stage !== 'look' || unknown.commitment !== commitment || unknown.block !== block) return undefined;
    const missing = state.missingClaim(hotkey);
    return missing?.commitment === commitment && missing.block === block ? undefined : unknown.code;
  }

  #raise(competition: { id: number; name: string }, head: QueuedClaim, code: string, said: string): void {
    this.#raised.set(competition.id, said);
    const { uid, hotkey, reference } = head;
    const repo = repoName(reference);
    const error = runtimeErrors.QUEUE_BLOCKED({ competition: competition.name, uid, hotkey, repo, code });
    this.deps.log('error', error.message, { competition: competition.name, code });
    report(this.deps, { event: 'warning', error: error.toReport() });
  }

  #end(competition: { id: number; name: string }): void {
    this.#raised.delete(competition.id);
    const { number: block } = this.deps.view.current.at;
    this.deps.log('info', 'the queue is no longer blocked', { competition: competition.name });
    report(this.deps, { event: 'queue-unblocked', competition, block });
  }
}
