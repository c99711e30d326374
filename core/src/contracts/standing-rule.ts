import { z } from 'zod';
import type { MatchRecord } from './match-rule.js';
import { modelReference, type ModelReference } from './model.js';
import type { ColumnValues, HistoryNeed, RuleColumn, RuleState } from './rule.js';

/** A slot of the subnet and who holds it. */
export interface Seat {
  uid: number;
  hotkey: string;
}

/**
 * In place of a uid, of a contender whose hotkey is not registered. Where a round has several of these, the second one has
 * NO_UID - 1, and so on, so that a uid names one contender of a round.
 */
export const NO_UID = -1;

/** Whether a contender's hotkey was registered when its round was planned. */
export const isRegistered = (uid: number): boolean => uid > NO_UID;

/** A contender's owner in a sentence. */
export const ownerText = (uid: number): string => (isRegistered(uid) ? `uid ${uid}` : 'an unregistered hotkey');

/** A model that plays every round of its competition, whatever its owner claims now and whether or not its owner is registered. */
export const defender = z.object({
  /** Of its owner; another name, which is not a hotkey, where the model has no owner. */
  hotkey: z.string().min(1),
  /** Block of the claim that brought the model in; 0 for a model that the subnet brought in itself. */
  block: z.number().int().nonnegative(),
  reference: modelReference,
});
export type Defender = z.infer<typeof defender>;

/** Of a standing rule: what a competition has handed out so far. */
export type Standing = RuleState;

/** A finished round, as the standing sees it. */
export interface JudgedRound {
  /** In order of block, then uid; those without a score too. NO_UID or below stands for a hotkey that is not registered. */
  contenders: readonly (Seat & {
    /** Block of the claim. */
    block: number;
    /** Equal for models that are evaluated alike: a copy has that of its original. */
    digest: string;
    reference: ModelReference;
    /** Lower is better; null for a contender without a score. */
    score: number | null;
    record: MatchRecord | null;
  })[];
  /** Uid of the winner; null when the match rule names none. */
  winner: number | null;
  /** Everybody who is registered, contenders or not. */
  seats: readonly Seat[];
  /** Block at which the round was planned. */
  block: number;
}

export interface NextStanding<State> {
  state: State;
  /** By uid, by the keys of the rule's columns. */
  values: ReadonlyMap<number, ColumnValues>;
}

/**
 * What a round does to the standing of a competition. The shape of the state is the rule's own. A state that names a miner
 * by uid also names its hotkey, because a uid may change hands between two rounds.
 */
export interface StandingRule<State = unknown> {
  readonly columns: readonly RuleColumn[];
  /** Schema of the state, as the journal keeps it: plain JSON. */
  readonly state: z.ZodType<State>;
  /** Names of other rules whose state this one goes on from when a subnet changes over; after any other it begins anew. */
  readonly continues?: readonly string[];
  /** The state of a competition of which no round has been judged; absent where there is none. */
  readonly first?: State;
  /** Present where the state rests on all rounds since a block. */
  readonly history?: HistoryNeed;
  /**
   * Models that play every round, the first of them first, each of another hotkey. A round without a score of one of them is void.
   * Absent: incumbents play by their own claims, like everybody.
   */
  defenders?(state: State): readonly Defender[];
  next(before: State | undefined, round: JudgedRound): NextStanding<State>;
  /**
   * Shares of the competition's weight by uid, at least 0 and summing to at most 1. Who is no longer registered, or has
   * moved to another uid, has none.
   */
  shares(state: State, seats: readonly Seat[]): number[];
  /** Hotkeys that hold weight, the first of them first. */
  incumbents(state: State): readonly string[];
}

/** A standing rule whatever its state is: the rule's own schema reads what the journal kept. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyStandingRule = StandingRule<any>;
