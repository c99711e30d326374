import { z } from 'zod';
import type { AnyEntrantsRule, TakenClaim } from '../../contracts/entrants-rule.js';
import type { RuleState } from '../../contracts/rule.js';
import type { Standing } from '../../contracts/standing-rule.js';
import { readState } from '../../judging/rule-state.js';
import { readStanding } from '../../rules/read-standing.js';
import type { RuleBook } from '../../rules/rule-book.js';
import type { ClaimEntry } from '../claim-record.js';

type RecordedIntake = ClaimEntry & { intake: NonNullable<ClaimEntry['intake']> };

/** Whether a recorded claim was taken in by an entrants rule, or left its queue. */
export const isIntake = (entry: ClaimEntry): entry is RecordedIntake => entry.intake !== undefined;

/**
 * What the records of claims and rounds of one competition say of its entrants, derived claim by claim as the run did it. The
 * records hold no state of the entrants rule between two rounds: the rule computes it again.
 */
export class ReplayedIntake {
  /** In their order. */
  readonly #marks = new Set<string>();
  readonly #taken = new Map<string, { block: number; commitment: string }[]>();
  #state: RuleState | undefined;
  #standing: Standing | undefined;
  /** Claims since the newest round that counts, which are not applied yet: that round may say what came of them. */
  #open: RecordedIntake[] = [];

  constructor(private readonly book: RuleBook) {}

  claim(entry: RecordedIntake): void {
    const { hotkey, block, commitment } = entry.claim;
    if (entry.outcome.status !== 'left')
      this.#taken.set(hotkey, [...(this.#taken.get(hotkey) ?? []), { block, commitment }]);
    this.#open.push(entry);
  }

  /** What a round that counts has left, or what was known before this validator's first. */
  set(standing: Standing | undefined, entrants: RuleState | undefined, marks: readonly string[] = []): void {
    for (const { intake } of this.#open) for (const mark of intake.marks) this.#marks.add(mark);
    for (const mark of marks) this.#marks.add(mark);
    this.#open = [];
    this.#standing = standing;
    this.#state = entrants;
  }

  /** The state of the entrants rule now. @throws RULE_UNKNOWN, RULE_VERSION, STATE_UNREADABLE */
  get state(): RuleState | undefined {
    for (const entry of this.#open) this.#apply(entry);
    this.#open = [];
    return this.#state;
  }

  /** All marks of the rule, in their order. */
  get marks(): readonly string[] {
    return [...new Set([...this.#marks, ...this.#open.flatMap(({ intake }) => intake.marks)])];
  }

  /** By hotkey: the claims that were taken in. */
  get taken(): ReadonlyMap<string, readonly { block: number; commitment: string }[]> {
    return this.#taken;
  }

  #apply({ block, claim, outcome, intake: { by, coldkey, reference, marks } }: RecordedIntake): void {
    const { rule } = this.book.recorded('entrantsRules', by);
    if (!rule.intake || outcome.status === 'ignored') return;
    const before: unknown = this.#state?.by.rule === by.rule ? readState(rule, this.#state) : undefined;
    const { uid, hotkey, block: claimedAt, commitment } = claim;
    const after: unknown =
      outcome.status === 'left'
        ? rule.intake.leave(before, hotkey)
        : this.#take(
            rule.intake,
            before,
            { ...{ uid, hotkey, coldkey, reference, commitment }, block: claimedAt },
            block,
          );
    for (const mark of marks) this.#marks.add(mark);
    this.#state = { by, state: z.json().parse(after) };
  }

  #take(intake: NonNullable<AnyEntrantsRule['intake']>, before: unknown, claim: TakenClaim, block: number): unknown {
    const incumbents = this.#standing ? readStanding(this.book, this.#standing, []).incumbents : [];
    const again = intake.take(before, claim, { block, incumbents, isMarked: (mark) => this.#marks.has(mark) });
    return again.status === 'ignored' ? before : again.state;
  }
}
