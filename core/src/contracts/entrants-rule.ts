import type { z } from 'zod';
import type { AssayError } from '../errors/assay-error.js';
import type { MarkCount } from '../judging/mark-count.js';
import type { EpsilonFunction } from './epsilon-function.js';
import type { ModelReference } from './model.js';
import type { HistoryNeed } from './rule.js';
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

/** A claim that an entrants rule takes in. */
export interface TakenClaim extends Seat {
  coldkey: string;
  /** Block of the claim. */
  block: number;
  /** As it stands on chain. */
  commitment: string;
  reference: ModelReference;
}

/** What an entrants rule makes of a claim. `marks` are new texts, each of at most MARK_LENGTH characters; see `ClaimIntake`. */
export type Intake<State> =
  /** It waits for its turn. */
  | { status: 'queued'; state: State; marks: readonly string[] }
  /**
   * It does not count, and costs its miner nothing. `reason`: one line for people. `always`: it would be ignored at any later time
   * too, so that nothing of it is recorded.
   */
  | { status: 'ignored'; reason: string; always?: boolean }
  /** It may not play. `error`: coded, of fault `miner` or `config`. */
  | { status: 'refused'; error: AssayError; state: State; marks: readonly string[] };

/** Characters of a mark. */
export const MARK_LENGTH = 200;

/** A claim that waits, as it was taken in. */
export interface QueuedClaim extends Seat {
  block: number;
  commitment: string;
  reference: ModelReference;
}

/**
 * For rules by which claims have an order of their own: each claim is taken in once, before anything of it is fetched, in order of
 * block, then uid, and the intake is on record. A hotkey's model is then the one of the claim that is queued, whatever it claims
 * later. Pure.
 *
 * The hotkeys and models that have had their turn are never forgotten, and their number grows without end. So they are not part of
 * the state: these are marks. The records of claims hold them, and the state holds how many there are and their digest.
 */
export interface ClaimIntake<State> {
  take(
    state: State | undefined,
    claim: TakenClaim,
    context: {
      /** Block of the snapshot that shows the claim. */
      block: number;
      /** Hotkeys that hold weight, the first of them first. */
      incumbents: readonly string[];
      isMarked(mark: string): boolean;
    },
  ): Intake<State>;
  /** Claims that wait, in the order of their turns. */
  queue(state: State): readonly QueuedClaim[];
  /** Of all marks so far, as `withMarks` of judging/mark-count counts them. */
  marked(state: State | undefined): MarkCount;
  /** After a queued claim has left without a round: its model was refused by the checks, or its hotkey is no longer registered. */
  leave(state: State, hotkey: string): State;
  /** How many models at the head of the queue are fetched ahead of their turn. */
  readonly ahead: number;
  /** What an operator may know of earlier claims: how it is written in the config, which marks it means, and the state after them. */
  readonly given?: { schema: z.ZodType<readonly string[]>; begin(marked: MarkCount): State };
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
  /** Absent: the newest claim of each hotkey counts, and models play as they come in. */
  readonly intake?: ClaimIntake<State>;
  /** Present where the state rests on all claims since a block. */
  readonly history?: HistoryNeed;
  /** Which round in a row the next one is for the contenders that `select` names, from 1; 1 when left out. */
  repetition?(state: State | undefined): number;
  /**
   * @param waiting in order of block, then uid; without the hotkeys of defenders, which play every round
   * @param context the block now, the hotkeys of the defenders, then those that hold weight, the first of them first, and those
   *   whose turn is passed over because the operator denies them; none when left out
   * @returns hotkeys; none: there is no round
   */
  select(
    state: State | undefined,
    waiting: readonly Waiting[],
    context: { block: number; incumbents: readonly string[]; denied?: readonly string[] },
  ): readonly string[];
  /** Whether a model that has been judged and not kept comes again, unchanged. @param history its last results, oldest first */
  again(history: readonly PastResult[], epsilon: EpsilonFunction, block: number): boolean;
  /** After a round that counts. @returns the new state, and the uids to keep, ascending */
  next(state: State | undefined, round: EnteredRound): { state: State; keep: readonly number[] };
}

/** An entrants rule whatever its state is: the rule's own schema reads what the journal kept. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyEntrantsRule = EntrantsRule<any>;
