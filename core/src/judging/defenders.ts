import { isSameReference, type ModelReference } from '../contracts/model.js';
import type { RuleState } from '../contracts/rule.js';
import type { Defender } from '../contracts/standing-rule.js';
import { ownState } from './rule-state.js';
import type { BoundStanding } from './round-input.js';

/**
 * The state that the standing rule of a round goes on from: its own, or the one that it begins with; undefined where it has neither.
 * @throws STATE_UNREADABLE
 */
export const standingStateBefore = (bound: BoundStanding, before: RuleState | null): unknown =>
  ownState(bound, before, bound.rule.continues) ?? (bound.rule.first as unknown);

/** Models that play a round whatever their owners claim, by the standing before it, the first of them first. @throws STATE_UNREADABLE */
export function defendersBefore(bound: BoundStanding, before: RuleState | null): readonly Defender[] {
  const state = standingStateBefore(bound, before);
  return state === undefined ? [] : (bound.rule.defenders?.(state) ?? []);
}

/** Whether a contender plays as one of the defenders. */
export const isDefender = (
  { hotkey, reference }: { hotkey: string; reference: ModelReference },
  defenders: readonly Defender[],
): boolean => defenders.some((one) => one.hotkey === hotkey && isSameReference(one.reference, reference));

/** Hotkeys of the defenders, then those that hold weight. */
export const withDefenders = (incumbents: readonly string[], defenders: readonly Defender[]): string[] => [
  ...new Set([...defenders.map(({ hotkey }) => hotkey), ...incumbents]),
];
