import type { MergeInput, MergeRule } from '../contracts/merge-rule.js';
import { distribution32 } from './moving-average.js';

/** The subnet's weights by uid, summing to 1 or all zero: every rule in order, and the division by the sum. */
export function mergeStandings(input: MergeInput, rules: readonly MergeRule[]): number[] {
  const lengths = [...input.standings.values()].map(({ length }) => length);
  const length = Math.max(0, ...lengths, ...input.seats.map(({ uid }) => uid + 1));
  const merged = rules.reduce((weights, rule) => rule.apply(weights, input), new Array<number>(length).fill(0));
  return distribution32(merged.map(Math.fround));
}
