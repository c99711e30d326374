import { z } from 'zod';
import type { ClaimIntake } from '../../contracts/entrants-rule.js';
import type { RuleState } from '../../contracts/rule.js';
import { canonicalJson } from '../../journal/canonical-json.js';
import type { RuleBook } from '../../rules/rule-book.js';
import type { ClaimEntry } from '../claim-record.js';
import { asJson } from '../derived-rows.js';
import { ownState } from './claim-queue.js';

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
  /** Claims since the newest round that counts, which are not applied yet: that round may say what came of them. */
  #open: RecordedIntake[] = [];

  constructor(private readonly book: RuleBook) {}

  claim(entry: RecordedIntake): void {
    const { hotkey, block, commitment } = entry.claim;
    if (entry.outcome.status !== 'left')
      this.#taken.set(hotkey, [...(this.#taken.get(hotkey) ?? []), { block, commitment }]);
    this.#open.push(entry);
  }

  /**
   * Where the state that a round has gone on from is not what the claims before it leave, in words. Computes every claim again,
   * so that nothing is left for the round to settle.
   * @throws RULE_UNKNOWN, RULE_VERSION, STATE_UNREADABLE
   */
  differencesFrom(before: RuleState | null): string[] {
    if (this.#open.length === 0) return [];
    const isSame = canonicalJson(asJson(this.state ?? null)) === canonicalJson(asJson(before));
    return isSame ? [] : ['the claims before it leave another state of the entrants rule'];
  }

  /** What a round that counts has left, or what was known before this validator's first. */
  set(entrants: RuleState | undefined, marks: readonly string[] = []): void {
    for (const { intake } of this.#open) for (const mark of intake.marks) this.#marks.add(mark);
    for (const mark of marks) this.#marks.add(mark);
    this.#open = [];
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

  #apply(entry: RecordedIntake): void {
    const { by, marks } = entry.intake;
    const { rule } = this.book.recorded('entrantsRules', by);
    if (!rule.intake || entry.outcome.status === 'ignored') return;
    const before = ownState({ by, rule }, this.#state);
    const after: unknown =
      entry.outcome.status === 'left'
        ? rule.intake.leave(before, entry.claim.hotkey)
        : this.#take(rule.intake, before, entry);
    for (const mark of marks) this.#marks.add(mark);
    this.#state = { by, state: z.json().parse(after) };
  }

  #take(rule: ClaimIntake<unknown>, before: unknown, { block, claim, intake }: RecordedIntake): unknown {
    const { uid, hotkey, block: claimedAt, commitment } = claim;
    const { coldkey, reference, incumbents } = intake;
    const again = rule.take(
      before,
      { uid, hotkey, coldkey, block: claimedAt, commitment, reference },
      { block, incumbents, isMarked: (mark) => this.#marks.has(mark) },
    );
    return again.status === 'ignored' ? before : again.state;
  }
}
