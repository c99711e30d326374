import type { z } from 'zod';
import type { EpsilonFunction } from './epsilon-function.js';
import type { JudgedRound, Seat } from './standing-rule.js';

/** A hotkey with a verified model that waits for a round. */
export interface Waiting extends Seat {
  /** Block of the claim. */
  block: number;
  /** Equal for models that are evaluated alike. */
  digest: string;
  /** Whether the last round kept it; otherwise it is new, or comes again. */
  isKept: boolean;
}

/** A result of a model, with the round's winner beside it; null stands for a failure or no winner. */
export interface PastResult {
  block: number;
  score: number | null;
  winnerBlock: number | null;
  winnerScore: number | null;
}

/** A finished round, as the entrants rule sees it. */
export interface EnteredRound extends Omit<JudgedRound, 'contenders'> {
  contenders: readonly (JudgedRound['contenders'][number] & {
    /** waiting: it could not be scored, and not by the miner's doing. */
    outcome: 'scored' | 'refused' | 'waiting';
  })[];
  /** Shares of the competition after the round, by uid. */
  shares: readonly number[];
}

/**
 * Who plays the next round, who may come again, and whom to keep. A hotkey that is not selected goes on waiting; one that
 * has played is dropped unless it is kept, or could not be scored by fault of this machine.
 */
export interface EntrantsRule<State = unknown> {
  /** Schema of the state, as the journal keeps it: plain JSON. */
  readonly state: z.ZodType<State>;
  /**
   * @param waiting in order of block, then uid
   * @param context the block now, and the hotkeys that hold weight, the first of them first
   * @returns hotkeys; none: there is no round
   */
  select(
    state: State | undefined,
    waiting: readonly Waiting[],
    context: { block: number; incumbents: readonly string[] },
  ): readonly string[];
  /** Whether a model that has been judged and not kept comes again, unchanged. @param history its last results, oldest first */
  again(history: readonly PastResult[], epsilon: EpsilonFunction, block: number): boolean;
  /** After a round that counts. @returns the new state, and the uids to keep, ascending */
  next(state: State | undefined, round: EnteredRound): { state: State; keep: readonly number[] };
}

/** An entrants rule whatever its state is: the rule's own schema reads what the journal kept. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyEntrantsRule = EntrantsRule<any>;
