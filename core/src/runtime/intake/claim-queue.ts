import type { AnyEntrantsRule, ClaimIntake, QueuedClaim } from '../../contracts/entrants-rule.js';
import type { RuleRecord, RuleState } from '../../contracts/rule.js';
import { readState } from '../../judging/rule-state.js';
import type { ScheduledCompetition } from '../competitions.js';
import type { RuntimeDeps } from '../context.js';
import { denialOf } from '../denials.js';

type QueueDeps = Pick<RuntimeDeps, 'view' | 'operator'>;

/** The queue of a competition whose entrants rule takes claims in, as it is stored now. */
export interface ClaimQueue {
  by: RuleRecord;
  rule: AnyEntrantsRule;
  // The state is whatever the rule's own schema reads.
  intake: ClaimIntake<unknown>;
  state: unknown;
  /** Claims that wait, in the order of their turns. */
  waiting: readonly QueuedClaim[];
}

/** Undefined where the rule in force at the block takes no claims in. */
export function queueOf(
  { state }: Pick<RuntimeDeps, 'state'>,
  { competition, rulesAt }: Pick<ScheduledCompetition, 'competition' | 'rulesAt'>,
  block: number,
): ClaimQueue | undefined {
  const { record: by, rule } = rulesAt(block).entrants;
  if (!rule.intake) return undefined;
  const own = ownState({ by, rule }, state.entrants(competition.id));
  return { by, rule, intake: rule.intake, state: own, waiting: own === undefined ? [] : rule.intake.queue(own) };
}

/** What the rule itself has written; what another rule has left is not read. */
export const ownState = (
  { by, rule }: { by: RuleRecord; rule: AnyEntrantsRule },
  stored: RuleState | undefined,
): unknown => (stored?.by.rule === by.rule ? readState(rule, stored) : undefined);

/** Queued claims that may have their turn: those that the operator denies are passed over. */
export const admitted = (deps: QueueDeps, { waiting }: Pick<ClaimQueue, 'waiting'>): QueuedClaim[] =>
  waiting.filter((claim) => {
    const coldkey = deps.view.neuronOf(claim.hotkey)?.coldkey;
    return !denialOf(deps.operator, { ...claim, coldkey });
  });

/** The first claims of a queue, whose models are fetched ahead of their turn. */
export const headsOf = (deps: QueueDeps, queue: ClaimQueue): QueuedClaim[] =>
  admitted(deps, queue).slice(0, queue.intake.ahead);
